import type { CommandSpec } from '../commands/command-spec.js';
import type { CommandArgument } from '../commands/arguments.js';
import {
  AUTH,
  CLIENT_ID,
  CLIENT_SETINFO,
  CLIENT_SETNAME,
  HELLO,
  PING,
  SELECT,
} from '../commands/commands.generated.js';
import { RedisServerError } from '../errors.js';
import type { RedisCredentials } from '../options.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { LIBRARY_NAME, LIBRARY_VERSION } from '../version.js';
import { Command } from './command.js';
import type { Connection } from './connection.js';

/** What a handshake brought to light. */
export interface Greeting {
  readonly protocol: 2 | 3;
  /** The server's number for this connection, for CLIENT UNBLOCK; undefined where it was not told. */
  readonly clientId: number | undefined;
}

/**
 * Makes a fresh connection ready: protocol, credentials, database and name in one round trip. Only a server that knows
 * no RESP3 costs a second one.
 *
 * @throws {RedisServerError} the server's refusal.
 */
export async function handshake(
  connection: Connection,
  options: ResolvedOptions,
  credentials: RedisCredentials,
): Promise<Greeting> {
  if (options.protocol === 2) return introduce(connection, options, credentials);
  const hello: CommandArgument[] = [3];
  if (credentials.password !== undefined)
    hello.push('AUTH', credentials.username ?? 'default', credentials.password);
  if (options.clientName !== undefined) hello.push('SETNAME', options.clientName);
  const greeted = ask(connection, HELLO, hello);
  const selected = select(connection, options);
  const described = describe(connection);
  // settled together: if the first fails, the others' failures are its consequence and must not go unhandled
  const [greeting, selection] = await Promise.allSettled([greeted, selected, described]);
  if (greeting.status === 'rejected') {
    if (options.protocol === 3 || !knowsNoResp3(greeting.reason, credentials)) throw greeting.reason;
    return introduce(connection, options, credentials);
  }
  if (selection.status === 'rejected') throw selection.reason;
  return { protocol: 3, clientId: idOf((greeting.value as Record<string, unknown> | null)?.['id']) };
}

/** The same without HELLO. */
async function introduce(
  connection: Connection,
  options: ResolvedOptions,
  { username, password }: RedisCredentials,
): Promise<Greeting> {
  const steps: Promise<unknown>[] = [];
  // servers before ACLs know AUTH with one argument only
  if (password !== undefined)
    steps.push(ask(connection, AUTH, username === undefined ? [password] : [username, password]));
  steps.push(select(connection, options));
  if (options.clientName !== undefined) steps.push(ask(connection, CLIENT_SETNAME, [options.clientName]));
  steps.push(describe(connection));
  // without it, as without the permission to ask, all works but ending a blocking command from outside
  const asked = ask(connection, CLIENT_ID, []).then(idOf, () => undefined);
  const outcomes = await Promise.allSettled(steps);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return { protocol: 2, clientId: await asked };
}

function idOf(reply: unknown): number | undefined {
  return typeof reply === 'number' ? reply : undefined;
}

/** A fresh connection is in database 0. */
async function select(connection: Connection, { database }: ResolvedOptions): Promise<void> {
  const steps: Promise<unknown>[] = [checkService(connection)];
  if (database !== 0) steps.push(ask(connection, SELECT, [database]));
  const outcomes = await Promise.allSettled(steps);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/**
 * A server that wants a password, or that still loads its data, must say so now and not at the first command: it answers
 * HELLO and SELECT meanwhile, but not PING.
 */
async function checkService(connection: Connection): Promise<void> {
  try {
    await ask(connection, PING, []);
  } catch (error) {
    // a user who may not PING is let in; a server that cannot save its data refuses PING as it does writes, but not reads;
    // and one that is busy with a script takes SCRIPT KILL, for which somebody must come in
    if (!(error instanceof RedisServerError && /^(NOPERM|MISCONF|BUSY)$/.test(error.code))) throw error;
  }
}

/** Tells the server which library this is; servers before 7.2 do not know the command, and that is fine. */
async function describe(connection: Connection): Promise<void> {
  const told = [
    ask(connection, CLIENT_SETINFO, ['LIB-NAME', LIBRARY_NAME]),
    ask(connection, CLIENT_SETINFO, ['LIB-VER', LIBRARY_VERSION]),
  ];
  await Promise.allSettled(told);
}

function ask(connection: Connection, spec: CommandSpec, args: CommandArgument[]): Promise<unknown> {
  return connection.request(new Command(spec, args, false));
}

function knowsNoResp3(error: unknown, { password }: RedisCredentials): boolean {
  if (!(error instanceof RedisServerError)) return false;
  // a server without HELLO that wants a password answers NOAUTH, though HELLO brought one
  if (error.code === 'NOAUTH') return password !== undefined;
  return error.code === 'NOPROTO' || error.code === 'NOPERM' || /unknown command/i.test(error.message);
}
