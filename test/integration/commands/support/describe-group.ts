import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisClient, RedisServerError } from 'nestjs-redwire/core';
import { SERVER_KINDS, type ServerKind, startServer, type TestServer } from '../../../support/index.js';
import { commandsOf } from './command-group.js';

/** What the tests of a group stand on. The clients are there once the tests run; the rest is known before. */
export interface Given {
  readonly kind: ServerKind;
  /** Speaks the protocol that the tests are about; its database is empty at the beginning of every test. */
  readonly client: RedisClient;
  /** For what somebody else does meanwhile. */
  readonly other: RedisClient;
  /** Does this kind of server know the command? */
  has(command: string): boolean;
}

/**
 * Tests of a group of commands, on every kind of server over both protocols: what holds in them holds everywhere, so the
 * replies are the same. The last test sees to it that no command of the group was left out: each was answered where the
 * server has it, and refused as unknown where it has not.
 */
export function describeGroup(group: string, define: (given: Given) => void): void {
  const commands = commandsOf(group);

  describe.each(SERVER_KINDS)('%s', (kind) => {
    let server: TestServer;

    beforeAll(async () => {
      server = await startServer({ kind });
    });

    afterAll(() => server.stop());

    describe.each([2, 3] as const)('in RESP%d', (protocol) => {
      let client: RedisClient;
      let other: RedisClient;
      const calls: CallRecord = { answered: new Set(), unknown: new Set() };

      beforeAll(() => {
        client = new RedisClient({ url: server.url, protocol });
        other = new RedisClient({ url: server.url, protocol });
        record(client, calls);
      });

      beforeEach(() => client.flushall());

      afterAll(() => Promise.all([client.close(), other.close()]));

      define({
        kind,
        get client() {
          return client;
        },
        get other() {
          return other;
        },
        has: (command) => commands.find(({ name }) => name === command)!.servers.includes(kind),
      });

      it(`every command of the group was called (${commands.length})`, () => {
        const missing = commands.filter(
          ({ name, servers }) => !(servers.includes(kind) ? calls.answered : calls.unknown).has(name),
        );
        expect(missing).toEqual([]);
      });
    });
  });
}

interface CallRecord {
  /** Commands that had a reply which was no error. */
  readonly answered: Set<string>;
  /** Commands that the server said it does not know. */
  readonly unknown: Set<string>;
}

function record(client: RedisClient, { answered, unknown }: CallRecord): void {
  client.observe<string>({
    start: ({ name }) => name,
    end: (name, error) => {
      if (error === undefined) answered.add(name);
      else if (error instanceof RedisServerError && error.message.startsWith('ERR unknown command'))
        unknown.add(name);
    },
  });
}
