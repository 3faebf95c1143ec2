import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runScript, SERVER_KINDS, startServer, type Ended, type TestServer } from '../../support/index.js';

/** ms: a process that has not ended by then is held by something. The machine may be slow. */
const HANGS = 20_000;

/** What a real process does: nothing but its own end shows that no socket or timer holds it. */
describe('the process of an application', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind: SERVER_KINDS[0]!, tls: true });
  });

  afterAll(() => server.stop());

  const run = async (
    providers: string,
    steps: string,
    options = `{ url: '${server.url}', pool: { min: 1 } }`,
    env: Record<string, string> = {},
  ): Promise<Ended & { output: string }> => {
    const script = `
      import 'reflect-metadata';
      import { Module } from '@nestjs/common';
      import { NestFactory } from '@nestjs/core';
      import { InjectRedis, RedisModule, RedisClient, RedisPool } from 'nestjs-redwire';
      class App {}
      Module({
        imports: [RedisModule.forRoot(${options})],
        providers: [${providers}],
      })(App);
      const silent = { abortOnError: false, logger: false };
      const boot = () => NestFactory.createApplicationContext(App, silent);
      const until = async (check) => { while (!check()) await new Promise((resolve) => setTimeout(resolve, 5)); };
      ${steps}`;
    const ended = await runScript(script, { env, flags: ['--disable-warning=DEP0205'], timeout: HANGS });
    return { ...ended, output: ended.stdout + ended.stderr };
  };

  const lively = (steps: string): string =>
    `const app = await boot(); setTimeout(async () => { ${steps} await app.close(); console.log('closed'); }, 20).unref();`;

  it("ends when another module's start fails, though nobody can close the connection", async () => {
    const failing = "{ provide: 'bad', useValue: { onModuleInit() { throw new Error('db down'); } } }";
    const steps = "await boot().catch((error) => console.log('caught', error.message));";
    expect(await run(failing, steps)).toMatchObject({ code: 0, output: 'caught db down\n' });
  });

  const asynchronous = `{ provide: 'cached', inject: [RedisClient, RedisPool],
    useFactory: async (redis, pool) => [await redis.ping(), await pool.use((client) => client.ping())] }`;

  it('gives async providers Redis while the container is being built, and ends with app.close()', async () => {
    const steps = lively("console.log(...app.get('cached'));");
    expect(await run(asynchronous, steps)).toMatchObject({ code: 0, output: 'PONG PONG\nclosed\n' });
  });

  it('ends when the container cannot be built after an async provider has used Redis', async () => {
    const failing = `${asynchronous},
      { provide: 'bad', inject: ['cached'], useFactory: async () => { throw new Error('no container'); } }`;
    const steps = "await boot().catch((error) => console.log('caught', error.message));";
    expect(await run(failing, steps)).toMatchObject({ code: 0, output: 'caught no container\n' });
  });

  it('ends when an async provider asks a server that is not there', async () => {
    const options = "{ host: '127.0.0.1', port: 1, commandTimeout: 300 }";
    const { code, output } = await run(
      asynchronous,
      "await boot().catch((error) => console.log('caught', error.message));",
      options,
    );
    expect(output).toMatch(/^caught .*127\.0\.0\.1:1.*ECONNREFUSED/);
    expect(code).toBe(0);
  });

  const one = "{ provide: 'x', useValue: 1 }";
  const asking =
    "(() => { class Asks { constructor(redis) {} } InjectRedis('qeue')(Asks, undefined, 0); return Asks; })()";
  it.each<[string, () => string, string, RegExp]>([
    [
      'a wrong port',
      () => "{ host: '127.0.0.1', port: 1, connectDeadline: 200 }",
      one,
      /ECONNREFUSED.*`host` and `port`/,
    ],
    [
      'a wrong password',
      () => `{ host: '127.0.0.1', port: ${server.port}, username: 'me', password: 'hunter2' }`,
      one,
      /WRONGPASS.*Check `username` and `password`/,
    ],
    ['refused TLS', () => `{ url: '${server.tlsUrl}' }`, one, /SELF_SIGNED_CERT_IN_CHAIN.*`tls\.ca`/],
    ['an unknown option', () => '{ hots: 1 }', one, /'hots': did you mean 'host'/],
    [
      'an unknown connection name',
      () => `{ name: 'queue', url: '${server.url}' }`,
      asking,
      /"qeue".*did you mean "queue"/,
    ],
  ])('ends after %s, with a message that names the fix', async (_, options, providers, message) => {
    const steps = "await boot().then(() => console.log('booted'), (error) => console.log(error.message));";
    const { code, output } = await run(providers, steps, options());
    expect(output).toMatch(message);
    expect(output).not.toMatch(/hunter2|booted/);
    expect(code).toBe(0);
  });

  it('goes on while the application is up, and ends with app.close()', async () => {
    const { code, output } = await run('', lively('console.log(await app.get(RedisClient).ping());'));
    expect({ code, output }).toEqual({ code: 0, output: 'PONG\nclosed\n' });
  });

  describe('at SIGTERM', () => {
    const tells =
      "{ provide: 'tells', useValue: { onApplicationShutdown(signal) { console.log('shut down by', signal); } } }";
    const term = "process.kill(process.pid, 'SIGTERM');";

    /** Ends by the signal, which Nest sends again once it has shut down: no exit code, and not for our timeout's sake. */
    const ends = async (work: Promise<Ended & { output: string }>): Promise<string> => {
      const started = performance.now();
      const { code, output } = await work;
      expect(performance.now() - started).toBeLessThan(HANGS);
      expect(code).toBeNull();
      return output;
    };

    it.each([
      ['with shutdown hooks', 'app.enableShutdownHooks();', 'shut down by SIGTERM\n'],
      ['without', '', ''],
    ])('ends while reconnecting, %s', async (_, hooks, said) => {
      await using lost = await startServer({ kind: SERVER_KINDS[0]! });
      const steps = `
        const app = await boot();
        ${hooks}
        process.kill(${lost.pid}, 'SIGKILL');
        await until(() => app.get(RedisClient).status === 'reconnecting');
        app.get(RedisClient).get('k').catch(() => {});
        ${term}`;
      expect(await ends(run(tells, steps, `{ url: '${lost.url}', connectDeadline: Infinity }`))).toBe(said);
    });

    it.each([
      [
        'with shutdown hooks',
        'app.enableShutdownHooks();',
        /^boot: The boot was given up: SIGTERM came while it waited for Redis\.\n/,
      ],
      ['without', '', /^$/],
    ])('ends while an eager boot waits for a server that is not there, %s', async (_, hooks, said) => {
      const steps = `
        const app = await NestFactory.create(App, silent);
        ${hooks}
        setTimeout(() => process.kill(process.pid, 'SIGTERM'), 200);
        await app.init().then(() => console.log('booted'), (error) => console.log('boot:', error.message));
        await new Promise((resolve) => setTimeout(resolve, 60_000));`;
      const options = "{ host: '127.0.0.1', port: 1, connectDeadline: Infinity }";
      expect(await ends(run(tells, steps, options))).toMatch(said);
    });

    it.each([
      ['with shutdown hooks', 'app.enableShutdownHooks();', /^shut down by SIGTERM\nfailed [A-Z_]+\n$/],
      ['without', '', /^$/],
    ])('ends while the server is stalled and commands wait for it, %s', async (_, hooks, said) => {
      await using stalled = await startServer({ kind: SERVER_KINDS[0]! });
      const steps = `
        const app = await boot();
        ${hooks}
        process.kill(${stalled.pid}, 'SIGSTOP');
        for (let n = 0; n < 10; n += 1)
          app.get(RedisClient).incr('n').catch((error) => { if (n === 0) console.log('failed', error.code); });
        await new Promise((resolve) => setImmediate(resolve));
        ${term}`;
      const options = `{ url: '${stalled.url}', shutdownTimeout: 300, pool: { min: 1 } }`;
      expect(await ends(run(tells, steps, options))).toMatch(said);
      await stalled.resume();
    });
  });
});
