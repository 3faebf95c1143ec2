import type { CommandArgument } from '../commands/arguments.js';
import type { CommandSpec } from '../commands/command-spec.js';
import { EVALSHA, EVALSHA_RO } from '../commands/commands.generated.js';
import { MOST_SHOWN_ARGUMENTS, queryText, shownName } from '../commands/redaction.js';
import type { CommandInfo, Peer } from './observer.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { ScriptSpec } from '../script/script-spec.js';

/** What is told of a command. */
export interface ShownCommand {
  readonly spec: CommandSpec;
  readonly args: readonly CommandArgument[];
}

/** Of a longer pipeline only so many commands are described: a span is no log. */
const MOST_DESCRIBED = 20;

const SHA_1 = /^[0-9a-f]{40}$/i;

/**
 * Makes what observers are told. Of single commands it is made once for each kind, number of arguments and server, and kept:
 * it holds no argument, and to make it anew would be most of what an observed command costs.
 */
export class CommandInfos {
  private readonly base: Omit<CommandInfo, 'name' | 'queryText' | 'commandNames' | 'batchSize'>;
  private known = new WeakMap<CommandSpec, CommandInfo[]>();
  /** Whom those that are known speak of. */
  private peer: Peer | undefined;

  constructor({ host, port, path, database }: ResolvedOptions) {
    this.base = { host, port: path === undefined ? port : undefined, path, database };
  }

  of({ spec, args }: ShownCommand, peer: Peer | undefined): CommandInfo {
    if (peer !== this.peer) this.turnTo(peer);
    // from there on all are described alike
    const count = Math.min(args.length, MOST_SHOWN_ARGUMENTS + 1);
    const known = this.known.get(spec)?.[count];
    if (known !== undefined) return known;
    const name = shownName(spec.name);
    const info: CommandInfo = Object.freeze({
      ...this.base,
      name,
      queryText: queryText(spec, args),
      commandNames: [name],
      batchSize: undefined,
      peer,
      scriptSha: scriptSha(spec, args),
      isTentative: spec instanceof ScriptSpec,
    });
    // the script is an argument of EVALSHA: the next call may be that of another one
    if (spec !== EVALSHA && spec !== EVALSHA_RO) this.keep(spec, count, info);
    return info;
  }

  ofBatch(
    kind: 'PIPELINE' | 'MULTI',
    commands: readonly ShownCommand[],
    peer: Peer | undefined,
  ): CommandInfo {
    return {
      ...this.base,
      name: batchName(kind, commands),
      get queryText() {
        return describe(commands);
      },
      get commandNames() {
        return commands.map(({ spec }) => shownName(spec.name));
      },
      batchSize: commands.length,
      peer,
    };
  }

  private keep(spec: CommandSpec, count: number, info: CommandInfo): void {
    const known = this.known.get(spec) ?? [];
    known[count] = info;
    this.known.set(spec, known);
  }

  /** A pool's connections all have a peer of their own, which mostly is the same server. */
  private turnTo(peer: Peer | undefined): void {
    const isSame = peer?.address === this.peer?.address && peer?.port === this.peer?.port;
    this.peer = peer;
    if (!isSame) this.known = new WeakMap();
  }
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
