import { RedisClient } from 'nestjs-redwire/core';
import { startServer, type ServerKind } from '../servers.js';
import { type Facts, NO_FACTS } from './facts.js';
import type { Protocol } from './run.js';
import { LIBRARY, SCRIPT } from './seeds.js';
import type { World } from './world.js';

/** A server with everything that calls need around it. */
export interface Stage {
  readonly worlds: Readonly<Record<Protocol, World>>;
  /** Names of all commands and subcommands that it has. */
  readonly names: ReadonlySet<string>;
  stop(): Promise<void>;
}

/** Settings under which every command has something to say. */
const SETTINGS = [
  ['--slowlog-log-slower-than', '0'],
  ['--latency-monitor-threshold', '1'],
  ['--enable-module-command', 'yes'],
  ['--lua-time-limit', '5'],
].flat();
/** A node that lost its slots works again as soon as it has them back. */
const CLUSTER_SETTINGS = [
  ['--cluster-enabled', 'yes'],
  ['--cluster-node-timeout', '500'],
  ['--cluster-require-full-coverage', 'no'],
].flat();
const VALKEY_SETTINGS = ['--commandlog-request-larger-than', '0', '--commandlog-reply-larger-than', '0'];

export async function startStage(kind: ServerKind, isCluster = false): Promise<Stage> {
  const args = [...SETTINGS];
  if (kind.startsWith('valkey')) args.push(...VALKEY_SETTINGS);
  if (isCluster) args.push(...CLUSTER_SETTINGS);
  const acl = ['user default on nopass ~* &* +@all', 'user app on >password ~* +@all'];
  const [server, other] = await Promise.all([
    startServer({ kind, args, acl }),
    startServer({ kind, acl: ['user default on >password ~* &* +@all', acl[1]!] }),
  ]);
  // CLIENT KILL ends connections by the dozen
  const about = { url: server.url, reconnect: { delay: 1 } };
  const clients = ([2, 3] as const).map((protocol) => new RedisClient({ ...about, protocol }));
  const helper = new RedisClient(about);
  const bystander = new RedisClient({ ...about, clientName: 'bystander' });
  const elsewhere = new RedisClient({ url: other.url, password: 'password' });
  const everyone = [...clients, helper, bystander];
  const facts: Facts = { ...NO_FACTS, otherPort: String(other.port) };
  if (isCluster) {
    await helper.clusterAddslotsrange(0, 16_383);
  } else {
    await helper.set('string', 'dumped');
    facts.dump = (await helper.dump('string'))!;
    await helper.functionLoad('REPLACE', LIBRARY);
    facts.functionDump = (await helper.functionDump())!;
    facts.sha = await helper.scriptLoad(SCRIPT);
    await Promise.all([
      bystander.subscribe('channel'),
      bystander.psubscribe('channel*'),
      bystander.ssubscribe('channel'),
    ]);
  }
  const world = (client: RedisClient): World => ({
    server: kind,
    client,
    helper,
    bystander,
    elsewhere,
    everyone,
    facts,
  });
  return {
    worlds: { 2: world(clients[0]!), 3: world(clients[1]!) },
    names: await commandNames(helper),
    async stop() {
      await Promise.all([...everyone, elsewhere].map((client) => client.close()));
      await Promise.all([server.stop(), other.stop()]);
    },
  };
}

/** Every command, and every subcommand behind its container: `CONFIG`, `CONFIG GET`. */
async function commandNames(client: RedisClient): Promise<Set<string>> {
  const names = new Set<string>();
  const add = (info: unknown) => {
    const [name, , , , , , , , , subcommands] = info as [string, ...unknown[]];
    names.add(name.toUpperCase().replace('|', ' '));
    (subcommands as unknown[]).forEach(add);
  };
  (await client.command()).forEach(add);
  return names;
}
