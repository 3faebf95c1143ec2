import type { RedisClient } from 'nestjs-redwire/core';
import type { Facts } from './facts.js';

/** Where a call is made. */
export interface World {
  /** The kind of server, as `commands.json` names it. */
  readonly server: string;
  /** The client whose method is called. */
  readonly client: RedisClient;
  /** Another client, for what has to be made and taken away around a call. */
  readonly helper: RedisClient;
  /** A third one, there to be listed, blocked and killed. */
  readonly bystander: RedisClient;
  /** A client of a second server of the same kind, which asks for a password. */
  readonly elsewhere: RedisClient;
  /** All clients of the server that is called. */
  readonly everyone: readonly RedisClient[];
  readonly facts: Facts;
}
