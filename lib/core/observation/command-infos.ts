import type { CommandArgument } from '../commands/arguments.js';
import type { CommandSpec } from '../commands/command-spec.js';
import { EVALSHA, EVALSHA_RO } from '../commands/commands.generated.js';
import { MOST_SHOWN_ARGUMENTS, queryText, shownName } from '../commands/redaction.js';
import type { Address } from '../connection/open-socket.js';
import type { CommandInfo, Peer } from './observer.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { ScriptSpec } from '../script/script-spec.js';

/** What is told of a command. */
export interface ShownCommand {
  readonly spec: CommandSpec;
  readonly args: readonly CommandArgument[];
}

/** The connection that commands take, as far as observers hear of it. */
export interface Road {
  readonly peer: Peer | undefined;
  /** Where it goes, or will go; undefined where that is not known yet. */
  readonly target: Address | undefined;
}

/** What is known of the commands to one server. */
interface Server {
  readonly base: Pick<CommandInfo, 'host' | 'port' | 'path' | 'database' | 'peer'>;
  /** By the number of arguments. */
  readonly known: WeakMap<CommandSpec, CommandInfo[]>;
}

/** Servers come and go, as pods do: of so many what is known is kept. */
const MOST_SERVERS = 64;

/** Of a longer pipeline only so many commands are described: a span is no log. */
const MOST_DESCRIBED = 20;

const SHA_1 = /^[0-9a-f]{40}$/i;

/**
 * Makes what observers are told. Of single commands it is made once for each kind, number of arguments and server, and kept:
 * it holds no argument, and to make it anew would be most of what an observed command costs.
 */
export class CommandInfos {
  /** As long as it is not known where a command goes. */
  private readonly nowhere: Server;
  /** By address: a pool's connections all have a peer of their own, which mostly is the same server. */
  private readonly servers = new Map<string, Server>();
  /** The same by those peers. */
  private readonly reached = new WeakMap<Peer, Server>();

  constructor({ host, port, path, database, cluster }: ResolvedOptions) {
    // of a cluster's servers it may be any
    const server = cluster === undefined ? { host, port } : { host: undefined, port: undefined };
    const base = {
      ...(path === undefined ? server : { host, port: undefined }),
      path,
      database,
      peer: undefined,
    };
    this.nowhere = { base, known: new WeakMap() };
  }

  of({ spec, args }: ShownCommand, road: Road | undefined): CommandInfo {
    const server = this.serverAt(road);
    // from there on all are described alike
    const count = Math.min(args.length, MOST_SHOWN_ARGUMENTS + 1);
    const known = server.known.get(spec)?.[count];
    if (known !== undefined) return known;
    const name = shownName(spec.name);
    const info: CommandInfo = Object.freeze({
      ...server.base,
      name,
      queryText: queryText(spec, args),
      commandNames: [name],
      batchSize: undefined,
      scriptSha: scriptSha(spec, args),
      isTentative: spec instanceof ScriptSpec,
    });
    // the script is an argument of EVALSHA: the next call may be that of another one
    if (spec !== EVALSHA && spec !== EVALSHA_RO) keep(server, spec, count, info);
    return info;
  }

  ofBatch(
    kind: 'PIPELINE' | 'MULTI',
    commands: readonly ShownCommand[],
    road: Road | undefined,
  ): CommandInfo {
    return {
      ...this.serverAt(road).base,
      name: batchName(kind, commands),
      get queryText() {
        return describe(commands);
      },
      get commandNames() {
        return commands.map(({ spec }) => shownName(spec.name));
      },
      batchSize: commands.length,
    };
  }

  private serverAt(road: Road | undefined): Server {
    if (road === undefined) return this.nowhere;
    const { peer } = road;
    if (peer === undefined) {
      const { target } = road;
      return target === undefined ? this.nowhere : this.serverOf(undefined, target);
    }
    const known = this.reached.get(peer);
    if (known !== undefined) return known;
    const server = this.serverOf(peer, road.target);
    this.reached.set(peer, server);
    return server;
  }

  private serverOf(peer: Peer | undefined, target: Address | undefined): Server {
    const { base } = this.nowhere;
    const { host, port } = base.path === undefined && target !== undefined ? target : base;
    const key = `${host} ${port} ${peer?.address} ${peer?.port}`;
    let server = this.servers.get(key);
    if (server === undefined) {
      server = { base: { ...base, host, port, peer }, known: new WeakMap() };
      if (this.servers.size >= MOST_SERVERS) this.servers.clear();
      this.servers.set(key, server);
    }
    return server;
  }
}

function keep({ known }: Server, spec: CommandSpec, count: number, info: CommandInfo): void {
  const infos = known.get(spec) ?? [];
  infos[count] = info;
  known.set(spec, infos);
}

/** As OpenTelemetry's conventions have it: `PIPELINE GET` for a batch of one operation, `PIPELINE` for one of several. */
function batchName(kind: 'PIPELINE' | 'MULTI', commands: readonly ShownCommand[]): string {
  const [first] = commands;
  if (first === undefined) return kind;
  const name = shownName(first.spec.name);
  // one command is no batch; a transaction is one of whatever length
  if (commands.length === 1 && kind === 'PIPELINE') return name;
  return commands.every(({ spec }) => spec.name === first.spec.name) ? `${kind} ${name}` : kind;
}

function describe(commands: readonly ShownCommand[]): string {
  const [first] = commands;
  if (first === undefined) return '';
  const text = queryText(first.spec, first.args);
  // what is the same for all is said once
  if (commands.every(({ spec, args }) => queryText(spec, args) === text)) return text;
  const lines = commands.slice(0, MOST_DESCRIBED).map(({ spec, args }) => queryText(spec, args));
  if (commands.length > lines.length) lines.push(`… (${commands.length - lines.length} more)`);
  return lines.join('\n');
}

function scriptSha(spec: CommandSpec, [sha]: readonly CommandArgument[]): string | undefined {
  if (spec instanceof ScriptSpec) return spec.sha1;
  if (spec !== EVALSHA && spec !== EVALSHA_RO) return undefined;
  // whatever else was given in its place is a value
  return typeof sha === 'string' && SHA_1.test(sha) ? sha : undefined;
}
