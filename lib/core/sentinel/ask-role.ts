import { ROLE } from '../commands/commands.generated.js';
import { Command } from '../connection/command.js';
import type { Connection } from '../connection/connection.js';
import { RedisServerError } from '../errors.js';

/** What a server says of itself; `unknown` where this user may not ask, or the server does not know the question. */
export interface Role {
  readonly name: 'master' | 'slave' | 'unknown';
  /** Of a replica: does it hear its master? */
  readonly hasLink: boolean;
}

/** @throws {RedisError} where it does not answer, or cannot yet. */
export async function askRole(connection: Connection): Promise<Role> {
  try {
    const reply = await connection.request(new Command(ROLE, [], false));
    const [name, , , link] = Array.isArray(reply) ? (reply as unknown[]) : [];
    if (name === 'master' || name === 'slave') return { name, hasLink: link === 'connected' };
  } catch (error) {
    const isUnable = error instanceof RedisServerError && /^(NOPERM|ERR)$/.test(error.code);
    if (!isUnable) throw error;
  }
  return { name: 'unknown', hasLink: true };
}
