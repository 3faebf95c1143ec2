import { expect, it } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { eventually, SERVER_KINDS, startServer, TopologyWorkload } from '../support/index.js';

/** That the check notices what is wrong is tested on fake clients; here it must not take what is right for wrong. */
it('the load finds nothing wrong with a client whose connections are killed under it', async () => {
  await using server = await startServer({ kind: SERVER_KINDS[0] });
  await using client = new RedisClient({ url: server.url, reconnect: { delay: 1, maxDelay: 20 } });
  const load = await TopologyWorkload.start(client);
  let kills = 0;
  while (kills < 5 || load.summary.unknown === 0) {
    const before = load.outcomes.length;
    await eventually(() => load.outcomes.length > before + 1_000, { timeout: 20_000 });
    kills += await server.ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  }
  await load.stop();
  const summary = await load.verify((key) => client.get(key));
  expect(summary).toMatchObject({ violations: [], unsettled: 0, lost: 0 });
  expect(Object.keys(summary.errors)).toEqual(['CONNECTION_LOST']);
  expect(summary.unknown).toBeGreaterThan(0);
  expect(summary.acknowledged).toBeGreaterThan(1_000);
}, 60_000);
