import { RedisDisconnectedError, type RedisClient, type RedisPoolStats } from '../core/index.js';
import { describeError } from '../describe-error.js';
import type { RedisConnection } from '../redis-connection.js';
import { worst, type ConnectionHealth, type PoolHealth, type SubscriberHealth } from './connection-health.js';
import { causeOf, inHundredths, statusOf, wordsOf, type Finding } from './finding.js';
import { isClusterClient, lookAtNodes } from './look-at-nodes.js';
import type { ResolvedHealthOptions } from './resolve-health-options.js';

/** What stands in for a client may lack anything. */
type CheckedClient = Partial<RedisClient> & Pick<RedisClient, 'probe'>;

/**
 * Looks at one connection: PINGs where commands go and where subscriptions listen, at the same time, and counts what is
 * lent. Sends on live connections or not at all, settles within `timeout`, and never rejects.
 */
export async function checkConnection(
  connection: RedisConnection,
  options: ResolvedHealthOptions,
): Promise<ConnectionHealth> {
  const { name: connectionName, injectedClient: client } = connection;
  try {
    const findings = await findingsOf(connection, options);
    const messages = findings.flatMap(({ message }) => message ?? []);
    return Object.assign(
      { status: worst(findings.map(({ status }) => status)), connection: connectionName },
      { address: client?.address, state: client?.status },
      { pool: poolHealth(connection.injectedPool), dedicated: dedicatedHealth(client) },
      ...findings.map(({ details }) => details),
      messages.length === 0 ? undefined : { message: messages.join('; ') },
    ) as ConnectionHealth;
  } catch (error) {
    // a stand-in of a test may throw anything anywhere
    const unknown = { address: undefined, state: undefined, pool: undefined, dedicated: undefined };
    return { status: 'down', connection: connectionName, ...unknown, message: describeError(error).message };
  }
}

async function findingsOf(
  connection: RedisConnection,
  options: ResolvedHealthOptions,
): Promise<readonly Finding[]> {
  const { injectedClient: client } = connection;
  if (!hasProbe(client)) {
    const message = 'what stands in for the client has no probe(), so it cannot be checked';
    return [{ status: 'down', message }];
  }
  if (client.status === 'closing' || client.status === 'closed')
    return [{ status: 'down', message: 'the client is being closed, or is closed' }];
  const [commands, listening] = await Promise.all([
    lookAtCommands(connection, client, options),
    lookAtSubscriber(client, options),
  ]);
  return [commands, listening, lookAtHandlers(connection, options), lookAtPools(connection, options)];
}

async function lookAtCommands(
  connection: RedisConnection,
  client: CheckedClient,
  options: ResolvedHealthOptions,
): Promise<Finding> {
  const { timeout, degradedAfter, whenDeaf } = options;
  try {
    const nodes = isClusterClient(client) ? await lookAtNodes(client, options) : undefined;
    if (nodes !== undefined) return nodes;
    // of a cluster without any connection it says at once why there is none
    const latency = inHundredths(await client.probe(timeout));
    const details = { latency };
    return latency > degradedAfter
      ? { status: 'degraded', details, message: `slower than ${degradedAfter} ms` }
      : { status: 'up', details };
  } catch (error) {
    if (isAtRest(connection, client, error)) return atRest(client, whenDeaf, causeOf(error as Error));
    return { status: 'down', message: wordsOf(error, `Redis at ${client.address}`, timeout) };
  }
}

/**
 * There is no connection for commands, and none is being made. Where handlers listen beside it, they alone say how things
 * stand.
 *
 * @param cause why the last attempt failed, where there was one. Redis may be back by now: to be down until somebody uses the
 *   connection would be for ever, where nobody sends work to what is down.
 */
function atRest(
  { subscriptions = 0, subscriberStatus }: CheckedClient,
  whenDeaf: string,
  cause: string | undefined,
): Finding {
  if (subscriptions === 0) {
    const message =
      cause === undefined
        ? "not opened yet: nothing has used it (connect: 'lazy')"
        : `not open: nothing uses it now (connect: 'lazy'), and the last attempt failed: ${cause}`;
    return { status: 'degraded', message };
  }
  const isDeaf = subscriberStatus?.state !== 'ready';
  return {
    status: isDeaf && whenDeaf !== 'ignore' ? 'down' : 'up',
    message:
      "open for subscriptions alone: there is no connection for commands to check yet (connect: 'lazy')",
  };
}

async function lookAtSubscriber(
  client: CheckedClient,
  { timeout, whenDeaf }: ResolvedHealthOptions,
): Promise<Finding> {
  const standing = client.subscriberStatus;
  if (standing === undefined || typeof client.probeSubscriber !== 'function') return { status: 'up' };
  const { state, subscriptions, deafFor } = standing;
  const subscriber: SubscriberHealth = { state, subscriptions };
  if (deafFor !== undefined) {
    const deafSince = new Date(Date.now() - deafFor).toISOString();
    return {
      status: statusOf(whenDeaf),
      details: { subscriber: { ...subscriber, deafSince } },
      message: `subscriptions hear nothing since ${deafSince} (${state})`,
    };
  }
  try {
    const latency = inHundredths(await client.probeSubscriber(timeout));
    return { status: 'up', details: { subscriber: { ...subscriber, latency } } };
  } catch (error) {
    return {
      status: statusOf(whenDeaf),
      details: { subscriber: { ...subscriber, state: client.subscriberStatus?.state ?? state } },
      message: wordsOf(error, 'the connection of the subscriptions', timeout),
    };
  }
}

function lookAtHandlers({ deaf }: RedisConnection, { whenDeaf }: ResolvedHealthOptions): Finding {
  const deafHandlers = [...new Set(deaf.values())];
  if (deafHandlers.length === 0) return { status: 'up' };
  return {
    status: statusOf(whenDeaf),
    details: { deafHandlers },
    message: `handlers that do not listen: ${deafHandlers.join(', ')}`,
  };
}

function lookAtPools(connection: RedisConnection, { maxPoolUsage }: ResolvedHealthOptions): Finding {
  const pools = {
    pool: poolHealth(connection.injectedPool),
    'connections that the client lends (maxDedicated)': dedicatedHealth(connection.injectedClient),
  };
  const full = Object.entries(pools).filter(([, health]) => (health?.usage ?? 0) > maxPoolUsage);
  if (full.length === 0) return { status: 'up' };
  const told = full.map(([what, health]) => `${what}: ${health!.active} of ${health!.max} are lent`);
  return { status: 'degraded', message: told.join('; ') };
}

function poolHealth(pool: RedisConnection['injectedPool']): PoolHealth | undefined {
  return typeof pool?.stats === 'function' ? withUsage(pool.stats()) : undefined;
}

function dedicatedHealth(client: RedisConnection['injectedClient']): PoolHealth | undefined {
  return typeof client?.connectionStats === 'function'
    ? withUsage(client.connectionStats().lending)
    : undefined;
}

function withUsage(stats: RedisPoolStats): PoolHealth {
  return { ...stats, usage: inHundredths(stats.active / stats.max) };
}

function hasProbe(client: RedisConnection['injectedClient']): client is CheckedClient {
  return typeof client?.probe === 'function';
}

/** There was no connection to ask, none is being made either, and the next command opens one. */
function isAtRest({ options }: RedisConnection, { status }: CheckedClient, error: unknown): boolean {
  if (options.connect !== 'lazy' || status !== 'idle' || !(error instanceof RedisDisconnectedError))
    return false;
  return error.cause === undefined || options.client.reconnect !== false;
}
