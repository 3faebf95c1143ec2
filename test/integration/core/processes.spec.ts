import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runScript, startServer, type TestServer } from '../../support/index.js';

const IMPORTS = "import { RedisClient, RedisPool } from 'nestjs-redwire/core';";
const NOWHERE = "{ host: '127.0.0.1', port: 1, reconnect: { delay: 5, maxDelay: 10 } }";

/** What the library is to the process it lives in: shown in processes of their own. */
describe('processes', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind: 'redis-7.0' });
  });
  afterAll(() => server.stop());

  it('node:cluster: a client made at the top of a module has a connection of its own in each process', async () => {
    const app = new URL('./support/cluster-app.mjs', import.meta.url);
    const { code, stdout, stderr } = await runScript(app, { env: { SERVER: server.url } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { before, own, after, workers } = JSON.parse(stdout) as {
      before: string;
      own: number;
      after: number;
      workers: { id: number; code: number; signal: string | null }[];
    };
    expect(before).toBe('idle');
    expect(after).toBe(own);
    expect(workers.map((worker) => worker.code)).toEqual([0, 0]);
    expect(new Set([own, ...workers.map(({ id }) => id)]).size).toBe(3);
  });

  it('worker threads: one that is terminated takes its connection along and nothing else', async () => {
    const app = new URL('./support/threads-app.mjs', import.meta.url);
    const { code, stdout, stderr } = await runScript(app, { env: { SERVER: server.url } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const seen = JSON.parse(stdout) as { own: number; theirs: { id: number; inFlight: number } };
    expect(seen).toMatchObject({
      shared: true,
      received: 1_000,
      intact: true,
      code: 1,
      popped: ['for the main thread', 'x'],
      left: true,
    });
    expect(seen.theirs.id).not.toBe(seen.own);
    expect(seen.theirs.inFlight).toBe(2);
  });

  it.each([
    ['the import alone', IMPORTS, ''],
    ['a client', IMPORTS, "globalThis.kept = new RedisClient('redis://127.0.0.1:1');"],
    ['a pool', IMPORTS, "globalThis.kept = new RedisPool({ url: 'redis://127.0.0.1:1', min: 5 });"],
    [
      'a module that is not booted',
      "import 'reflect-metadata'; import { RedisModule } from 'nestjs-redwire';",
      "globalThis.kept = RedisModule.forRoot({ url: 'redis://127.0.0.1:1', pool: { min: 5 } });",
    ],
  ])('opens nothing and starts no timer: %s', async (_, imports, statement) => {
    const script = `
      ${imports}
      ${statement}
      await new Promise(setImmediate);
      console.log(JSON.stringify(process.getActiveResourcesInfo().filter((name) => !/^(PipeWrap|TTYWrap|FSReq|Immediate)/.test(name))));`;
    const { code, stdout, stderr } = await runScript(script);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
  });

  it('an `error` event that nobody listens to, or listens to badly, ends no work', async () => {
    const { code, stdout, stderr } = await runScript(`
      ${IMPORTS}
      const faults = [];
      process.on('uncaughtException', (error) => faults.push(error.message));
      const silent = new RedisClient(${NOWHERE});
      await silent.connect().catch(() => {});
      const client = new RedisClient(${NOWHERE});
      const heard = [];
      client.on('error', () => { throw new Error('mine'); });
      client.on('error', ({ code }) => heard.push(code));
      const attempt = client.connect({ deadline: 200 }).catch(({ code }) => code);
      console.log(await attempt, new Set(heard), new Set(faults), faults.length === heard.length);
      client.destroy();
      silent.destroy();`);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: "CONNECT_FAILED Set(1) { 'CONNECT_FAILED' } Set(1) { 'mine' } true\n",
      stderr: '',
    });
  });

  it('a listener that throws ends the process as any uncaught exception does: the fault is not hidden', async () => {
    const { code, stdout, stderr } = await runScript(`
      ${IMPORTS}
      const client = new RedisClient(${NOWHERE});
      client.on('error', () => { throw new Error('mine'); });
      await client.connect().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      console.log('went on');`);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/Error: mine/);
  });

  it('a message listener that throws is not hidden either, and keeps the message from nobody', async () => {
    const own = await startServer({ kind: 'redis-7.0' });
    const { code, stdout } = await runScript(`
      ${IMPORTS}
      const thrown = [];
      process.on('uncaughtException', (error) => thrown.push(error.message));
      const client = new RedisClient('${own.url}');
      const subscription = await client.subscribe('c');
      const heard = new Promise((resolve) => {
        subscription.on('message', () => { throw new Error('mine'); });
        subscription.on('message', ({ data }) => { if (data === '2') resolve(); });
      });
      await client.publish('c', '1');
      await client.publish('c', '2');
      await heard;
      await client.close();
      console.log(thrown.join());`).finally(() => own.stop());
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'mine,mine\n' });
  });

  it('a rejection goes unhandled only where the user dropped the promise', async () => {
    const dropped = await runScript(
      `${IMPORTS}
      const client = new RedisClient(${NOWHERE});
      void client.with({ timeout: 50 }).get('k');
      setTimeout(() => console.log('went on'), 10_000);`,
      { flags: ['--unhandled-rejections=strict'] },
    );
    expect({ code: dropped.code, stdout: dropped.stdout }).toEqual({ code: 1, stdout: '' });
    expect(dropped.stderr).toMatch(/RedisTimeoutError: GET timed out/);
  });

  it.each(['SIGKILL', 'close', 'destroy', 'pause'] as const)(
    'no promise of our own goes unhandled: %s with everybody busy',
    async (end) => {
      const own = await startServer({ kind: 'redis-7.0', requirepass: 'right' });
      const { code, stdout, stderr } = await runScript(
        `${IMPORTS}
        const options = { url: '${own.url}', reconnect: { delay: 5, maxDelay: 10 }, connectTimeout: 100, commandTimeout: 300, socketTimeout: 200, blockingTimeoutBuffer: 100 };
        const outcomes = [];
        const keep = (promise) => outcomes.push(promise.then(() => 'reply', ({ code, name }) => code ?? name));
        const client = new RedisClient(options);
        const pool = new RedisPool({ ...options, min: 2 });
        await Promise.all([client.connect(), pool.connect()]);
        const subscription = await client.subscribe('a', 'b');
        const control = new AbortController();
        const other = await client.psubscribe(['p.*'], { signal: control.signal });
        keep((async () => { for await (const _ of subscription); })());
        keep(other.next());
        keep(client.blpop('list', 0));
        keep(client.xread('BLOCK', 0, 'STREAMS', 's', '$'));
        await client.ping();
        const lent = await pool.acquire();
        const wrong = new RedisClient({ ...options, password: 'wrong' });
        const nowhere = new RedisClient({ ...options, url: 'redis://127.0.0.1:1' });
        const clients = [client, lent, wrong, nowhere];
        const issue = () => {
          for (const each of clients) {
            keep(each.incr('n'));
            keep(each.get('n'));
            keep(each.with({ signal: control.signal }).get('n'));
            keep(each.hget('n', 'f'));
            keep(each.blpop('other', 0));
            keep(each.subscribe('c'));
          }
          keep(wrong.connect());
          keep(nowhere.connect({ deadline: 100 }));
          keep(pool.acquire().then((more) => pool.release(more)));
          keep(client.probe(50));
          keep(subscription.unsubscribe('b'));
        };
        issue();
        const all = [...clients, pool];
        const steps = {
          SIGKILL: () => process.kill(${own.pid}, 'SIGKILL'),
          pause: () => process.kill(${own.pid}, 'SIGSTOP'),
          close: () => Promise.all(all.map((each) => each.close({ timeout: 100 }))),
          destroy: () => all.map((each) => each.destroy()),
        };
        await client.ping();
        issue();
        const ended = steps['${end}']();
        issue();
        await ended;
        await client.get('k').catch(() => {});
        issue();
        control.abort();
        for (const each of all) each.destroy();
        issue();
        await Promise.all(outcomes);
        console.log('all settled');`,
        { flags: ['--unhandled-rejections=strict'] },
      );
      await own.stop();
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'all settled\n', stderr: '' });
    },
  );
});
