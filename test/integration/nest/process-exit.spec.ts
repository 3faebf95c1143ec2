import { execFileSync, spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startServer, type TestServer } from '../../support/index.js';

/** What a real process does: nothing but its own end shows that no socket or timer holds it. */
describe('the process of an application', () => {
  let server: TestServer;

  beforeAll(async () => {
    // the scripts import the package by its name: what is built
    execFileSync(process.execPath, ['scripts/build.mjs']);
    server = await startServer({ kind: 'redis-7.0', tls: true });
  });

  afterAll(() => server.stop());

  const run = (
    providers: string,
    steps: string,
    options = `{ url: '${server.url}', pool: { min: 1 } }`,
  ): Promise<{ code: number | null; output: string }> => {
    const code = `
      import 'reflect-metadata';
      import { Module } from '@nestjs/common';
      import { NestFactory } from '@nestjs/core';
      import { InjectRedis, RedisModule, RedisClient } from 'nestjs-redwire';
      class App {}
      Module({
        imports: [RedisModule.forRoot(${options})],
        providers: [${providers}],
      })(App);
      const boot = () => NestFactory.createApplicationContext(App, { abortOnError: false, logger: false });
      ${steps}`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code]);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => (output += String(text)));
    return new Promise((resolve) => child.on('close', (exit) => resolve({ code: exit, output })));
  };

  it("ends when another module's start fails, though nobody can close the connection", async () => {
    const failing = "{ provide: 'bad', useValue: { onModuleInit() { throw new Error('db down'); } } }";
    expect(
      await run(failing, "await boot().catch((error) => console.log('caught', error.message));"),
    ).toEqual({
      code: 0,
      output: 'caught db down\n',
    });
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
    const { code, output } = await run(
      '',
      `const app = await boot();
       setTimeout(async () => {
         console.log(await app.get(RedisClient).ping());
         await app.close();
         console.log('closed');
       }, 50).unref();`,
    );
    expect({ code, output }).toEqual({ code: 0, output: 'PONG\nclosed\n' });
  });
});
