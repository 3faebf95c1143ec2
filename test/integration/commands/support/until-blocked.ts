import { expect } from '@jest/globals';
import type { RedisClient } from 'nestjs-redwire/core';
import { eventually } from '../../../support/index.js';

/** Waits until so many connections wait in blocking commands on the server. */
export async function untilBlocked(client: RedisClient, connections = 1): Promise<void> {
  await eventually(async () => {
    expect((await client.info('clients')).clients!.blocked_clients).toBe(String(connections));
  });
}
