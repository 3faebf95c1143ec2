import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { RedisConnectionError, RedisServerError } from 'nestjs-redwire/core';
import {
  eventually,
  TopologyWorkload,
  type WorkloadClient,
  type WorkloadOptions,
  type WorkloadPipeline,
} from '../support/index.js';

type Command = readonly ['set' | 'get' | 'incr', string, string?];

/** A client and its server in one. What a test overrides is what is wrong with it. */
class FakeClient implements WorkloadClient {
  data = new Map<string, string>();
  /** Commands that the server has done. */
  count = 0;

  /** What the server does. */
  apply([name, key, value]: Command): unknown {
    this.count++;
    if (name === 'set') {
      this.data.set(key, value!);
      return 'OK';
    }
    if (name === 'get') return this.data.get(key) ?? null;
    const counted = Number(this.data.get(key) ?? 0) + 1;
    this.data.set(key, String(counted));
    return counted;
  }

  /** What the client does. */
  async send(command: Command): Promise<unknown> {
    await turn();
    return this.apply(command);
  }

  set = (key: string, value: string): Promise<unknown> =>
    key.endsWith(':count')
      ? Promise.resolve(this.apply(['set', key, value]))
      : this.send(['set', key, value]);
  get = (key: string): Promise<unknown> => this.send(['get', key]);
  incr = (key: string): Promise<unknown> => this.send(['incr', key]);

  async exec(commands: Command[]): Promise<unknown[]> {
    await turn();
    return commands.map((command) => {
      try {
        return this.apply(command);
      } catch (error) {
        return error;
      }
    });
  }

  pipeline(): WorkloadPipeline {
    const commands: Command[] = [];
    return {
      set: (key, value) => commands.push(['set', key, value]),
      get: (key) => commands.push(['get', key]),
      incr: (key) => commands.push(['incr', key]),
      exec: () => this.exec(commands),
    };
  }

  readBack = (key: string): Promise<unknown> => Promise.resolve(this.data.get(key) ?? null);
}

const SHORT = { callers: 16, commands: 1_500, pause: 0 };

/** A load to its end, and what the check makes of it. */
async function judge(
  client: FakeClient,
  { mayLose, ...options }: WorkloadOptions & { mayLose?: boolean } = {},
) {
  const load = await TopologyWorkload.start(client, { ...SHORT, ...options });
  await load.done;
  return await load.verify(client.readBack, { mayLose });
}

/** The kinds of what was found. */
function kindsOf({ violations }: { violations: readonly string[] }): string[] {
  return [...new Set(violations.map((violation) => violation.split(':')[0]!))].toSorted();
}

describe('the load on a topology', () => {
  it('finds nothing wrong with a client that is right, and says what it did', async () => {
    const client = new FakeClient();
    const load = await TopologyWorkload.start(client, SHORT);
    await load.done;
    const summary = await load.verify(client.readBack);
    expect(summary).toMatchObject({ violations: [], errors: {}, unknown: 0, unsettled: 0, lost: 0 });
    expect(summary.commands).toBeGreaterThanOrEqual(1_500);
    expect(summary.ok).toBe(summary.commands);
    expect(summary.verified).toBe(client.data.size);
    const writes = load.outcomes.filter(({ operation }) => operation !== 'get');
    expect(summary.acknowledged).toBe(writes.length);
    expect(new Set(load.outcomes.map(({ operation, pipelined }) => `${operation} ${pipelined}`)).size).toBe(
      6,
    );
    expect(load.outcomes.every(({ startedAt, at }) => startedAt <= at)).toBe(true);
    expect(load.keys.every((key) => key.startsWith('load:'))).toBe(true);
  });

  it('ends after its time, or when it is stopped', async () => {
    const client = new FakeClient();
    const timed = await TopologyWorkload.start(client, { ...SHORT, commands: Infinity, duration: 30 });
    await timed.done;
    expect(timed.summary.time).toBeGreaterThanOrEqual(29);
    const stopped = await TopologyWorkload.start(client, { ...SHORT, commands: Infinity, prefix: 'other' });
    await eventually(() => stopped.outcomes.length > 100);
    await stopped.stop();
    const { count } = client;
    await turn();
    expect(client.count).toBe(count);
    expect((await stopped.verify(client.readBack)).violations).toEqual([]);
  });

  it('finds the first write after a time', async () => {
    const client = new FakeClient();
    const load = await TopologyWorkload.start(client, { ...SHORT, commands: Infinity });
    await eventually(() => load.outcomes.length > 100);
    const time = performance.now();
    const [key] = load.keys;
    const found = await eventually(() => load.firstWriteSince(time, (one) => one === key) ?? false);
    expect(found).toMatchObject({ key, operation: 'set', code: 'ok' });
    expect(found.startedAt).toBeGreaterThanOrEqual(time);
    expect(load.firstWriteSince(performance.now() + 60_000)).toBeUndefined();
    await load.stop();
  });

  describe('lost writes', () => {
    /** Goes back to what there was before, as a replica does that had not heard all. */
    class Forgetful extends FakeClient {
      private kept = new Map<string, string>();
      override apply(command: Command): unknown {
        const answer = super.apply(command);
        if (this.count === 300) this.kept = new Map(this.data);
        if (this.count === 600) this.data = new Map(this.kept);
        return answer;
      }
    }

    it('are found while the load goes on, though other writes follow', async () => {
      const summary = await judge(new Forgetful());
      expect(kindsOf(summary)).toEqual(['lost']);
      expect(summary.lost).toBeGreaterThan(0);
    });

    it('are counted only, where the servers may lose some', async () => {
      const summary = await judge(new Forgetful(), { mayLose: true });
      expect(summary).toMatchObject({ violations: [], lost: expect.any(Number) });
      expect(summary.lost).toBeGreaterThan(0);
    });

    it.each(['set', 'incr'] as const)('are found at the end: the last %s of a key', async (name) => {
      class LosesLast extends FakeClient {
        override readBack = (key: string): Promise<unknown> => {
          const value = this.data.get(key) ?? '';
          const isMeant = key === (name === 'set' ? 'load:15:0' : 'load:0:count');
          return Promise.resolve(isMeant ? before(value) : value);
        };
      }
      const before = (value: string): string =>
        name === 'incr' ? String(Number(value) - 1) : value.replace(/=.*/, '=1;') + '.'.repeat(37);
      const summary = await judge(new LosesLast());
      expect(summary).toMatchObject({
        lost: 1,
        violations: [expect.stringMatching(/^lost: load:(15:0|0:c)/)],
      });
    });

    it('are found where a key or a counter is gone', async () => {
      const client = new FakeClient();
      const load = await TopologyWorkload.start(client, SHORT);
      await load.done;
      client.data.delete('load:0:count');
      client.data.delete('load:15:0');
      client.data.set('load:1:count', '3');
      expect(await load.verify(client.readBack)).toMatchObject({
        lost: 3,
        violations: [/15:0 is gone/, /0:count is gone/, /began anew/].map((text) =>
          expect.stringMatching(text),
        ),
      });
    });
  });

  it('tells reads that are behind from lost writes where told to', async () => {
    class Behind extends FakeClient {
      private readonly replica = new Map<string, string>();
      override apply(command: Command): unknown {
        const [name, key] = command;
        if (name === 'get') return this.replica.get(key) ?? null;
        const old = this.data.get(key);
        if (old !== undefined) this.replica.set(key, old);
        return super.apply(command);
      }
    }
    expect(kindsOf(await judge(new Behind()))).toEqual(['lost']);
    expect(await judge(new Behind(), { staleReads: true })).toMatchObject({ violations: [], lost: 0 });
  });

  describe('mixed-up replies', () => {
    /** Two commands that are underway at the same time get each other's replies, once. */
    class Mixing extends FakeClient {
      private readonly replies: Promise<unknown>[] = [];
      private key = '';
      private give: (reply: Promise<unknown>) => void = () => undefined;
      constructor(private readonly names: string[]) {
        super();
      }
      override async send(command: Command): Promise<unknown> {
        const own = super.send(command);
        const { names, replies } = this;
        const [name, key] = command;
        if (this.count < 100 || name !== names[replies.length] || key === this.key) return await own;
        this.key = key;
        replies.push(own);
        if (replies.length === 1) return await new Promise((resolve) => (this.give = resolve));
        this.give(own);
        return await replies[0];
      }
    }

    it.each([
      ['get', 'get'],
      ['incr', 'incr'],
      ['set', 'get'],
      ['incr', 'set'],
    ])('are found: those of %s and %s', async (...names) => {
      const summary = await judge(new Mixing(names), { counting: 6, piping: 0, keys: 2 });
      expect(kindsOf(summary)).toEqual(['mixed']);
      expect(summary.unsettled).toBe(0);
    });

    it('are found in pipelines: results that changed places', async () => {
      class Swapping extends FakeClient {
        override async exec(commands: Command[]): Promise<unknown[]> {
          const [first, second, ...others] = await super.exec(commands);
          return [second, first, ...others];
        }
      }
      expect(kindsOf(await judge(new Swapping()))).toContain('mixed');
    });

    it('are found in pipelines: a result too few', async () => {
      class Short extends FakeClient {
        override async exec(commands: Command[]): Promise<unknown[]> {
          return (await super.exec(commands)).slice(0, -1);
        }
      }
      expect((await judge(new Short())).violations).toContainEqual('mixed: pipeline of 20 gave 19 results');
    });

    it('are found where a value is nobody’s', async () => {
      const client = new FakeClient();
      const load = await TopologyWorkload.start(client, SHORT);
      await load.done;
      client.data.set('load:15:0', 'load:15:0=999999;');
      client.data.set('load:15:1', client.data.get('load:15:2')!);
      client.data.set('load:0:count', client.data.get('load:1:count')!);
      client.data.set('load:2:count', 'x');
      const { violations } = await load.verify(client.readBack);
      expect(violations).toHaveLength(4);
      expect(violations.every((violation) => violation.startsWith('mixed: '))).toBe(true);
    });
  });

  describe('order in pipelines', () => {
    class Reordering extends FakeClient {
      constructor(private readonly early: Command[0]) {
        super();
      }
      override async exec(commands: Command[]): Promise<unknown[]> {
        const results: unknown[] = [];
        await turn();
        for (const isEarly of [true, false])
          commands.forEach((command, index) => {
            if ((command[0] === this.early) === isEarly) results[index] = this.apply(command);
          });
        return results;
      }
    }

    it('is checked: a read before the write that it follows', async () => {
      expect(kindsOf(await judge(new Reordering('get')))).toEqual(['lost']);
    });

    it('is checked: a read after the write that follows it', async () => {
      expect(kindsOf(await judge(new Reordering('set')))).toEqual(['order']);
    });
  });

  describe('writes of which nobody knows', () => {
    /** Every seventh INCR or SET is applied so many times and then reported lost with its connection. */
    class Losing extends FakeClient {
      private writes = 0;
      constructor(
        private readonly times: number,
        private readonly error: () => Error,
      ) {
        super();
      }
      override apply(command: Command): unknown {
        const isMeant = command[0] !== 'get' && this.count > 50 && this.writes++ % 7 === 0;
        if (!isMeant) return super.apply(command);
        for (let time = 0; time < this.times; time++) super.apply(command);
        throw this.error();
      }
    }
    const lost = (): Error => new RedisConnectionError('connection_lost', 'gone');
    const refused = (): Error => new RedisServerError('CLUSTERDOWN no');

    it.each([0, 1])('may be applied %i times', async (times) => {
      const summary = await judge(new Losing(times, lost));
      expect(summary).toMatchObject({ violations: [], lost: 0, unsettled: 0 });
      expect(summary.unknown).toBeGreaterThan(0);
      expect(summary.errors).toEqual({ CONNECTION_LOST: summary.unknown });
      expect(summary.ok + summary.unknown).toBe(summary.commands);
    });

    it('may not be applied twice', async () => {
      expect(kindsOf(await judge(new Losing(2, lost)))).toEqual(['twice']);
    });

    it('are none of those that were refused: they may not be applied at all', async () => {
      const fine = await judge(new Losing(0, refused));
      expect(fine).toMatchObject({ violations: [], unknown: 0, errors: { CLUSTERDOWN: expect.any(Number) } });
      expect(kindsOf(await judge(new Losing(1, refused)))).toEqual(['refused', 'twice']);
    });
  });

  it('finds a count that was applied twice by its reply', async () => {
    class Twice extends FakeClient {
      private done = false;
      override async send(command: Command): Promise<unknown> {
        if (command[0] === 'incr' && this.count > 200 && !this.done) {
          this.done = true;
          this.apply(command);
        }
        return await super.send(command);
      }
    }
    const { violations } = await judge(new Twice());
    // each later count is one too high as well, and so is what is there in the end
    expect(violations.length).toBeGreaterThan(1);
    expect(kindsOf({ violations })).toEqual(['twice']);
  });

  it.each(['set', 'incr', 'pipeline'])(
    'finds a promise that never settles, and ends: of %s',
    async (name) => {
      class Hanging extends FakeClient {
        private hung = false;
        override async send(command: Command): Promise<unknown> {
          if (command[0] === name && this.count > 200 && !this.hung) return await this.hang();
          return await super.send(command);
        }
        override async exec(commands: Command[]): Promise<unknown[]> {
          if (name === 'pipeline' && this.count > 200 && !this.hung) return await this.hang();
          return await super.exec(commands);
        }
        private hang(): Promise<never> {
          this.hung = true;
          return new Promise(() => undefined);
        }
      }
      const summary = await judge(new Hanging(), { settleLimit: 100 });
      expect(summary.unsettled).toBe(1);
      expect(summary.violations).toEqual([expect.stringMatching(`^unsettled: ${name} .*after 100 ms$`)]);
      expect(summary.errors.UNSETTLED).toBe(name === 'pipeline' ? 20 : 1);
    },
  );

  it('finds errors that are none of the client’s own', async () => {
    class Broken extends FakeClient {
      override async send(command: Command): Promise<unknown> {
        if (command[0] === 'get' && this.count < 50) throw new TypeError('x is undefined');
        return await super.send(command);
      }
      override pipeline(): WorkloadPipeline {
        if (this.count > 200) throw new TypeError('no pipeline');
        return super.pipeline();
      }
    }
    const { violations } = await judge(new Broken());
    expect(violations).toContainEqual(expect.stringMatching(/^undocumented: get .*x is undefined$/));
    expect(violations).toContainEqual('undocumented: a caller ended: TypeError: no pipeline');
  });
});
