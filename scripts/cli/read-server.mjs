import { RedisClient, RedisServerError } from 'nestjs-redwire/core';
import { serverTable } from '../commands/server-facts.mjs';
import { UsageError } from './usage-error.mjs';

/**
 * What a server says of its commands.
 *
 * @param {string} url
 * @returns `serverTable()` with a `title`: `Redis 8.0.6`
 * @throws {Error} that says what to do; credentials of the address are in no message
 */
export async function readServer(url) {
  const client = open(url);
  try {
    await client.connect();
    const docs = await client.commandDocs().catch(explain);
    const info = await client.commandInfo().catch(explain);
    // for the module's first line alone: a user who may not ask loses nothing
    const about = await client.info('server').then(
      ({ server }) => server ?? {},
      () => ({}),
    );
    const table = serverTable(about, docs, info);
    const product = table.product === 'valkey' ? 'Valkey' : 'Redis';
    // it goes into the module's first line, which nothing in it may end
    const told = /^[\w.+-]+$/.test(table.version);
    return { ...table, title: told ? `${product} ${table.version}` : 'a server' };
  } finally {
    client.destroy();
  }
}

function open(url) {
  try {
    return new RedisClient({ url, reconnect: false, retry: false });
  } catch (error) {
    throw new UsageError(`--url: ${error.message}`, { cause: error });
  }
}

function explain(error) {
  if (!(error instanceof RedisServerError)) throw error;
  const advice =
    error.code === 'NOPERM'
      ? 'Use a user who may run it (`+command|docs +command|info`).'
      : 'It takes Redis 7.0 or later, or Valkey, and nothing between that leaves COMMAND out.';
  throw new Error(`The server does not tell its commands: ${error.message} ${advice}`, { cause: error });
}
