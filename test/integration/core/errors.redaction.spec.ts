import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { SECRET, showsSecret } from './support/index.js';

/** Commands that would end the server or the test, however wrong their arguments are; and those that show scripts. */
const LEFT_OUT =
  /^(shutdown|debug|failover|monitor|psync|sync|replconf|replicaof|slaveof|quit|reset|restore-asking|script.load|function.load)$/;

/** Arguments that look like the end of what a server quotes. */
const TRICKY = [
  `x' ${SECRET}`,
  `x" ${SECRET}`,
  `' '${SECRET}' '`,
  `'${SECRET}`,
  `${SECRET}'`,
  `1 ${SECRET}`,
  `x'. ${SECRET}, with args beginning with: '`,
  `x\r\n${SECRET}`,
];

describe.each(SERVER_KINDS)('%s', (kind) => {
  describe.each([
    ['alone', []],
    ['in a cluster', ['--cluster-enabled', 'yes']],
  ])('%s', (_, args) => {
    let server: TestServer;

    beforeAll(async () => {
      server = await startServer({ kind, args });
    });

    afterAll(() => server.stop());

    it.each(TRICKY)('no command shows an argument when it is refused: %j', async (value) => {
      await using client = new RedisClient({ url: server.url, retry: false });
      const all = (await client.commandList()) as string[];
      const names = all.filter((name) => !LEFT_OUT.test(name));
      const leaks: string[] = [];
      let refused = 0;
      const calls = names.flatMap((name) =>
        [1, 2, 3, 4].map(async (count) => {
          const [first, ...rest] = name.split('|') as [string, ...string[]];
          const given = Array.from({ length: count }, () => value);
          const error = await client.call(first, ...rest, ...given).then(
            () => undefined,
            (reason: unknown) => reason,
          );
          if (error === undefined) return;
          refused++;
          if (showsSecret(error)) leaks.push(String(error));
        }),
      );
      await Promise.all(calls);
      expect(leaks).toEqual([]);
      expect(refused).toBeGreaterThan(500);
    });
  });
});
