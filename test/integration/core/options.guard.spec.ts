import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  defineCommands,
  RedisClientError,
  RedisPool,
  type DangerousCommand,
  type GuardOptions,
  type Pipeline,
  type RedisClient,
} from 'nestjs-redwire/core';
import { CommandFlag } from '../../../lib/core/commands/command-spec.js';
import {
  allCommands,
  dangerousCommands,
  RedisCommands,
} from '../../../lib/core/commands/commands.generated.js';
import { runScript, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { clientMaker, errorOf, shows } from './support/index.js';

let warnings: { text: string; options: unknown }[] = [];

beforeEach(() => {
  warnings = [];
  jest.spyOn(process, 'emitWarning').mockImplementation(((text: string, options: unknown) => {
    warnings.push({ text, options });
  }) as typeof process.emitWarning);
});

afterEach(() => {
  jest.restoreAllMocks();
});

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind });
  });

  afterAll(() => server.stop());

  describe.each([2, 3] as const)('the guard in RESP%d', (protocol) => {
    const make = clientMaker(() => ({ url: server.url, protocol }));

    /** How often the server carried the command out. */
    async function calls(command: string): Promise<number> {
      const { commandstats } = await make().info('commandstats');
      return Number(/calls=(\d+)/.exec(commandstats?.[`cmdstat_${command}`] ?? '')?.[1] ?? 0);
    }

    beforeEach(() => make().set('sekret:1', 'x'));

    shows('guard', 'warns of KEYS once by default, and sends it', async () => {
      const client = make();
      for (let turn = 0; turn < 3; turn++) expect(await client.keys('sekret:*')).toEqual(['sekret:1']);
      expect(await client.buffers.keys('sekret:*')).toEqual([Buffer.from('sekret:1')]);
      expect(await client.call('KEYS', 'sekret:*')).toEqual(['sekret:1']);
      expect(await client.pipeline().keys('sekret:*').exec()).toEqual([['sekret:1']]);
      expect(warnings).toEqual([
        {
          text: expect.stringMatching(/^KEYS .*scanIterator\(\).*`guard: \{ keys: 'allow' \}`/),
          options: { type: 'RedisWarning', code: 'REDIS_DANGEROUS_COMMAND' },
        },
      ]);
      expect(warnings[0]!.text).not.toContain('sekret');
      // another client is another place in the program
      await make().keys('*');
      expect(warnings).toHaveLength(2);
    });

    shows(
      'guard',
      "'deny' refuses before anything is sent, whichever way the command was called",
      async () => {
        const client = make({
          guard: { keys: 'deny', flushall: 'deny', configSet: 'deny' },
          keyPrefix: 'p:',
        });
        const before = await Promise.all([calls('keys'), calls('flushall'), calls('config|set')]);
        const signal = new AbortController().signal;
        const ways: [string, () => Promise<unknown>][] = [
          ['KEYS', () => client.keys('*')],
          ['KEYS', () => client.buffers.keys('*')],
          ['KEYS', () => client.with({ signal, timeout: 0 }).keys('*')],
          ['KEYS', () => client.with({ retry: () => 0, idempotent: true }).buffers.keys('*')],
          ['KEYS', () => client.call('keys', '*')],
          ['KEYS', () => client.with({}).call(' KEYS ', '*')],
          ['FLUSHALL', () => client.flushall()],
          ['FLUSHALL', () => client.flushall('ASYNC')],
          ['FLUSHALL', () => client.call('FlushAll')],
          ['CONFIG SET', () => client.configSet({ maxmemory: 0 })],
          ['CONFIG SET', () => client.call('CONFIG SET', 'maxmemory', 0)],
          ['CONFIG SET', () => client.call('config', 'set', 'maxmemory', 0)],
          ['CONFIG SET', () => client.call('CONFIG', Buffer.from('set'), 'maxmemory', 0)],
        ];
        for (const [command, call] of ways) {
          const error = await errorOf<RedisClientError>(call());
          expect(error).toBeInstanceOf(RedisClientError);
          expect(error).toMatchObject({ name: 'RedisClientError', code: 'DENIED', command });
          expect(error.message).toMatch(/was not sent.*`guard: \{ (keys|flushall|configSet): 'allow' \}`/);
          expect(error.stack).toContain('options.guard.spec.ts');
        }
        expect(client.status).toBe('idle');
        expect(await Promise.all([calls('keys'), calls('flushall'), calls('config|set')])).toEqual(before);
        expect(warnings).toEqual([]);
      },
    );

    shows('guard', 'a denied command is refused where it is put into a pipeline', async () => {
      const client = make({ guard: { flushall: 'deny' } });
      const before = await calls('flushall');
      const bytes = client.buffers.pipeline() as unknown as Pipeline;
      for (const pipeline of [client.pipeline(), bytes, client.with({}).pipeline()]) {
        pipeline.set('n', 1);
        expect(() => pipeline.flushall()).toThrow(
          expect.objectContaining({ code: 'DENIED', command: 'FLUSHALL' }),
        );
        expect(() => pipeline.call('FLUSHALL')).toThrow(RedisClientError);
        pipeline.incr('n');
        expect((await pipeline.exec()).map(String)).toEqual(['OK', '2']);
      }
      expect(await calls('flushall')).toBe(before);
    });

    shows('guard', 'any dangerous command may be allowed, warned of once each, or denied', async () => {
      const allowing = make({ guard: { keys: 'allow' } });
      expect(await allowing.keys('sekret:*')).toEqual(['sekret:1']);
      expect(await allowing.configGet('maxmemory')).toEqual({ maxmemory: '0' });
      expect(warnings).toEqual([]);
      const client = make({ guard: { configGet: 'warn', info: 'warn', sort: 'deny', keys: undefined } });
      await Promise.all([
        client.configGet('maxmemory'),
        client.configGet('maxmemory'),
        client.info('server'),
      ]);
      expect(warnings.map(({ text }) => text)).toEqual([
        expect.stringMatching(/^CONFIG GET is among .*`guard: \{ configGet: 'allow' \}` silences/),
        expect.stringMatching(/^INFO is among /),
      ]);
      expect(await errorOf(client.sort('list'))).toMatchObject({ code: 'DENIED', command: 'SORT' });
      // the default for KEYS stays where another command is named
      await client.keys('*');
      expect(warnings).toHaveLength(3);
    });

    shows(
      'guard',
      'other commands pass, those in the category with words that look like a timeout too',
      async () => {
        const client = make({ guard: { flushall: 'deny' }, commandTimeout: 2_000 });
        await client.rpush('{b}list', 2, 1);
        expect(await client.sort('{b}list')).toEqual(['1', '2']);
        expect(await client.call('SORT', '{b}list', 'GET', '#', 'BY', 'BLOCK')).toHaveLength(2);
        expect(await client.get('sekret:1')).toBe('x');
        await client.del('{b}list');
      },
    );

    shows('guard', 'holds for methods of other names that the program writes', async () => {
      defineCommands({
        ownKeys: { name: 'KEYS', flags: ['READONLY', 'DANGEROUS', 'IDEMPOTENT'] },
        ownFlushall: { name: 'FLUSHALL', flags: ['WRITE', 'DANGEROUS'] },
      });
      type Own = Record<'ownKeys' | 'ownFlushall', (...args: string[]) => Promise<unknown>>;
      const client = make({ guard: { flushall: 'deny' } });
      const before = await calls('flushall');
      for (const own of [client, client.buffers, client.with({})] as unknown[] as Own[])
        expect(await errorOf(own.ownFlushall())).toMatchObject({ code: 'DENIED', command: 'FLUSHALL' });
      expect(() => (client.pipeline() as unknown as Own).ownFlushall()).toThrow(RedisClientError);
      expect(await calls('flushall')).toBe(before);
      expect(await (client as unknown as Own).ownKeys('sekret:*')).toEqual(['sekret:1']);
      await client.keys('*');
      expect(warnings.map(({ text }) => text)).toEqual([expect.stringMatching(/^KEYS looks at every key/)]);
    });

    shows('guard', 'holds for what a pool lends', async () => {
      const pool = new RedisPool({ url: server.url, protocol, guard: { keys: 'deny' }, min: 0 });
      const error = await errorOf(pool.use((lent: RedisClient) => lent.keys('*')));
      expect(error).toMatchObject({ code: 'DENIED' });
      pool.destroy();
    });

    shows('guard', 'closing unblocks what waits, though CLIENT UNBLOCK is denied', async () => {
      const client = make({ guard: { clientUnblock: 'deny' } });
      expect(await errorOf(client.clientUnblock(1))).toMatchObject({ code: 'DENIED' });
      const waiting = client.blpop('guard:none', 0);
      await client.ping();
      await client.close();
      expect(await waiting).toBeNull();
    });

    shows('guard', 'an observer learns of a refusal; a signal that has fired goes before it', async () => {
      const client = make({ guard: { keys: 'deny' } });
      const ended: unknown[] = [];
      client.observe({ start: ({ name }) => name, end: (name, error) => void ended.push([name, error]) });
      const error = await errorOf(client.keys('*'));
      expect(ended).toEqual([['KEYS', error]]);
      const aborted = client.with({ signal: AbortSignal.abort() });
      expect(await errorOf(aborted.keys('*'))).toMatchObject({ code: 'ABORTED' });
      expect(await errorOf(make().with({ signal: AbortSignal.abort() }).keys('*'))).toMatchObject({
        code: 'ABORTED',
      });
      expect(warnings).toEqual([]);
    });

    it('warns on stderr, once in a process for each client', async () => {
      const { code, stderr } = await runScript(
        `import { RedisClient } from 'nestjs-redwire/core';
         const client = new RedisClient({ url: process.env.SERVER, protocol: ${protocol} });
         await client.keys('sekret:*');
         await client.keys('sekret:*');
         await client.close();`,
        { env: { SERVER: server.url } },
      );
      expect(code).toBe(0);
      expect(stderr.match(/\[REDIS_DANGEROUS_COMMAND\] RedisWarning: KEYS /g)).toHaveLength(1);
      expect(stderr).not.toContain('sekret');
    });
  });
});

describe('the option guard', () => {
  const make = clientMaker(() => ({}));

  it('knows every dangerous command that has a method, and no other', () => {
    const known = Object.entries(dangerousCommands());
    for (const [method, spec] of known) {
      expect([method, spec.flags & CommandFlag.DANGEROUS]).toEqual([method, CommandFlag.DANGEROUS]);
      expect(Object.hasOwn(RedisCommands.prototype, method)).toBe(true);
      const words = spec.name.toLowerCase().replaceAll(/[ _-]/g, '');
      expect(method.toLowerCase().replaceAll('_', '')).toBe(words);
    }
    const dangerous = allCommands().filter(({ flags }) => (flags & CommandFlag.DANGEROUS) !== 0);
    // refused anyway, and one that only servers send
    const nameless = dangerous.filter(
      ({ name, flags }) => (flags & CommandFlag.STATEFUL) !== 0 || name === 'RESTORE-ASKING',
    );
    expect(nameless).toHaveLength(6);
    const named = dangerous.filter((spec) => !nameless.includes(spec));
    expect(new Set(known.map(([, spec]) => spec))).toEqual(new Set(named));
    expect(known.length).toBeGreaterThan(60);
  });

  it.each<[unknown, RegExp]>([
    [{ flushal: 'deny' }, /^Unknown Redis option 'guard\.flushal': did you mean 'guard\.flushall'\?/],
    [{ FLUSHALL: 'deny' }, /did you mean 'guard\.flushall'\?/],
    [{ get: 'deny' }, /'guard\.get': the servers do not class that command as dangerous/],
    [{ toString: 'deny' }, /^Unknown Redis option 'guard\.toString'/],
    [{ keys: 'forbid' }, /'guard\.keys' must be 'warn', 'deny' or 'allow'/],
    [{ keys: true }, /'guard\.keys' must be/],
    [{ keys: null }, /'guard\.keys' must be/],
    ['deny', /'guard' must be an object/],
    [null, /'guard' must be an object/],
    [['keys'], /'guard' must be an object/],
    [false, /'guard' must be an object/],
  ])('refuses %j', (guard, message) => {
    expect(() => make({ guard: guard as never })).toThrow(TypeError);
    expect(() => make({ guard: guard as never })).toThrow(message);
  });

  it('shows what is in force, and takes names of dangerous commands only, by type', () => {
    expect(make().options.guard).toEqual({ keys: 'warn' });
    expect(make({ guard: undefined }).options.guard).toEqual({ keys: 'warn' });
    expect(make({ guard: { flushall: 'deny' } }).options.guard).toEqual({ keys: 'warn', flushall: 'deny' });
    expect(make({ guard: { keys: undefined } }).options.guard).toEqual({ keys: 'warn' });
    const command: DangerousCommand = 'clusterReset';
    const guard: GuardOptions = { [command]: 'deny' };
    expect(make({ guard }).options.guard).toMatchObject(guard);
    // @ts-expect-error no dangerous command
    expect(() => make({ guard: { get: 'deny' } })).toThrow(TypeError);
    // @ts-expect-error no action
    expect(() => make({ guard: { keys: 'no' } })).toThrow(TypeError);
  });
});
