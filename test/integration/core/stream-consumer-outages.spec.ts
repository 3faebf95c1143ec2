import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually, ONE_KIND, SERVER_KINDS, startServer } from '../../support/index.js';
import { clientMaker } from './support/index.js';
import { addNumbers, eventsOf, gate, newStream, numbers, pendingOf } from './support/streams.js';

const PATIENT = { timeout: 20_000 };
const HOOKS = new URL('../../support/with-library.mjs', import.meta.url).href;
const WORKER = fileURLToPath(new URL('./support/stream-worker.mjs', import.meta.url));

describe.each(SERVER_KINDS)('%s', (kind) => {
  const make = clientMaker(() => ({ reconnect: { delay: 10, maxDelay: 50 } }));
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  it('goes on after its connections are cut, again and again, and loses nothing', async () => {
    await using server = await startServer({ kind });
    const client = make({ url: server.url });
    const admin = make({ url: server.url });
    const stream = newStream();
    const consumer = client.streamConsumer({
      stream,
      group: 'g',
      consumer: 'me',
      batch: 5,
      claimIdle: 2_000,
    });
    const events = eventsOf(consumer);
    const handled: number[] = [];
    const running = consumer.run(({ fields }) => void handled.push(Number(fields['n'])), { concurrency: 3 });
    for (let round = 0; round < 10; round++) {
      await addNumbers(admin, stream, round * 50 + 1, round * 50 + 50);
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    }
    await eventually(() => new Set(handled).size === 500, PATIENT);
    await eventually(async () => (await pendingOf(admin, stream)) === 0, PATIENT);
    expect([...new Set(handled)].toSorted((a, b) => a - b)).toEqual(numbers(1, 500));
    expect(
      events.filter((event) => !event.startsWith('claimed') && event !== 'error CONNECTION_LOST'),
    ).toEqual([]);
    await consumer.stop();
    await running;
  });

  it('has what was in a reply that a lost connection took along, without waiting for claimIdle', async () => {
    await using server = await startServer({ kind });
    const client = make({ url: server.url });
    const admin = make({ url: server.url });
    const stream = newStream();
    const consumer = client.streamConsumer({ stream, group: 'g', consumer: 'me' });
    const got: string[] = [];
    void consumer.run(({ fields, deliveries }) => void got.push(`${fields['n']} ${deliveries}`));
    await addNumbers(admin, stream, 1, 1);
    await eventually(() => got.length === 1);
    // as if the reply had been on its way when the connection broke: the server has handed it out under this name
    const reader = await eventually(async () => {
      const all = await admin.clientList();
      return all.find(({ cmd }) => String(cmd).startsWith('xreadgroup')) ?? false;
    });
    await admin
      .pipeline()
      .call('CLIENT', 'KILL', 'ID', String(reader['id']))
      .xadd(stream, '*', { n: 2 })
      .call('XREADGROUP', 'GROUP', 'g', 'me', 'COUNT', '1', 'STREAMS', stream, '>')
      .exec({ throwOnError: true });
    await addNumbers(admin, stream, 3, 3);
    await eventually(() => got.length === 3, PATIENT);
    expect(got).toEqual(['1 1', '2 2', '3 1']);
  });

  it('outlasts a server that restarts, with what it kept and without', async () => {
    await using server = await startServer({
      kind,
      args: ['--appendonly', 'yes', '--appendfsync', 'always'],
    });
    await using forgetful = await startServer({ kind });
    for (const { restarting, from } of [
      { restarting: server, from: 1 },
      { restarting: forgetful, from: 101 },
    ]) {
      const client = make({ url: restarting.url });
      const stream = newStream();
      const consumer = client.streamConsumer({ stream, group: 'g', consumer: 'me', claimIdle: 1_000 });
      const events = eventsOf(consumer);
      const handled = new Set<number>();
      const running = consumer.run(({ fields }) => void handled.add(Number(fields['n'])));
      await addNumbers(client, stream, from, from + 49);
      await eventually(async () => handled.size === 50 && (await pendingOf(client, stream)) === 0, PATIENT);
      await restarting.restart();
      await eventually(() => client.ping());
      await addNumbers(client, stream, from + 50, from + 99);
      await eventually(() => handled.size === 100, PATIENT);
      await eventually(async () => (await pendingOf(client, stream)) === 0, PATIENT);
      expect(events.filter((event) => event.startsWith('error')).length).toBeGreaterThan(0);
      expect(client.status).toBe('ready');
      await consumer.stop();
      await running;
    }
  });

  it('acknowledges what was handled while the server was away, instead of handling it again', async () => {
    await using server = await startServer({
      kind,
      args: ['--appendonly', 'yes', '--appendfsync', 'always'],
    });
    const client = make({ url: server.url, commandTimeout: 100 });
    const admin = make({ url: server.url });
    const stream = newStream();
    const consumer = client.streamConsumer({ stream, group: 'g', consumer: 'me', claimIdle: 600_000 });
    const events = eventsOf(consumer);
    const { opened, open } = gate();
    const running = consumer.run(() => opened);
    await addNumbers(admin, stream, 1, 3);
    await eventually(() => expect(consumer.stats).toMatchObject({ inFlight: 1 }));
    await server.kill();
    open();
    // its acknowledgement has failed more than once
    await eventually(() => events.length >= 2 && consumer.stats.handled >= 1, PATIENT);
    await server.restart();
    await eventually(async () => (await pendingOf(admin, stream)) === 0, PATIENT);
    await eventually(() => consumer.stats.handled === 3, PATIENT);
    expect(consumer.stats).toMatchObject({ handled: 3, claimed: 0 });
    await consumer.stop();
    await running;
  });

  it('waits while its server is a replica, and goes on when it is a master again', async () => {
    await using server = await startServer({ kind });
    const client = make({ url: server.url, retry: false });
    const admin = make({ url: server.url });
    const stream = newStream();
    const consumer = client.streamConsumer({ stream, group: 'g' });
    const events = eventsOf(consumer);
    const got: string[] = [];
    const running = consumer.run(({ fields }) => void got.push(fields['n']!));
    await addNumbers(admin, stream, 1, 1);
    await eventually(() => got.length === 1);
    await admin.call('REPLICAOF', '127.0.0.1', '1');
    await eventually(() => events.includes('error READONLY'), PATIENT);
    await admin.call('REPLICAOF', 'NO', 'ONE');
    await addNumbers(admin, stream, 2, 2);
    await eventually(() => got.length === 2, PATIENT);
    expect(events.filter((event) => !/^error (READONLY|UNBLOCKED|CONNECTION_LOST)$/.test(event))).toEqual([]);
    await consumer.stop();
    await running;
  });

  // there is no server in it
  if (ONE_KIND.includes(kind)) {
    it('makes no hot loop of an outage', async () => {
      const server = await startServer({ kind });
      const client = make({ url: server.url, commandTimeout: 100 });
      const consumer = client.streamConsumer({ stream: newStream(), group: 'g', block: 100 });
      const events = eventsOf(consumer);
      const running = consumer.run(() => undefined);
      await eventually(() => client.status === 'ready');
      await server.stop();
      const began = performance.now();
      await eventually(() => events.length === 4, PATIENT);
      // three pauses lie between: 100, 200 and 400 ms, less a quarter
      expect(performance.now() - began).toBeGreaterThan(500);
      await consumer.stop();
      await running;
    });
  }

  // claims on all servers are in stream-consumer.spec.ts: here it is what two processes do
  if (ONE_KIND.includes(kind)) {
    it('two processes, of which one is killed in the middle: nothing is lost, and nothing handled twice but what that one held', async () => {
      await using server = await startServer({ kind });
      const admin = make({ url: server.url });
      const outputs = new Map<string, string>();
      const start = (name: string): ChildProcess => {
        const child = spawn(process.execPath, ['--import', HOOKS, WORKER], {
          env: { ...process.env, NODE_OPTIONS: '', SERVER: server.url, NAME: name },
          stdio: ['pipe', 'pipe', 'inherit'],
        });
        children.push(child);
        child.stdout!.on('data', (text: Buffer) =>
          outputs.set(name, `${outputs.get(name) ?? ''}${String(text)}`),
        );
        return child;
      };
      const victim = start('victim');
      const survivor = start('survivor');
      // one that came late would find nothing left
      await eventually(
        async () => expect(await admin.xinfoConsumers('work', 'workers')).toHaveLength(2),
        PATIENT,
      );
      const adding = (async () => {
        for (let n = 1; n <= 2_000; n += 50) {
          await addNumbers(admin, 'work', n, n + 49);
          // each has had its share before the last ones come
          if (n === 1_001) await eventually(() => outputs.size === 2, PATIENT);
        }
      })();
      await eventually(() => outputs.size === 2, PATIENT);
      const died = once(victim, 'exit');
      // it dies with entries in hand
      await eventually(async () => {
        victim.kill('SIGSTOP');
        if ((await admin.xpending('work', 'workers', '-', '+', 1, 'victim')).length > 0) return true;
        victim.kill('SIGCONT');
        return false;
      }, PATIENT);
      victim.kill('SIGKILL');
      await died;
      const held = await admin.xpending('work', 'workers', '-', '+', 1_000, 'victim');
      await adding;
      await eventually(
        async () => (await admin.xlen('work')) === 2_000 && (await pendingOf(admin, 'work', 'workers')) === 0,
        PATIENT,
      );
      await eventually(async () => new Set(await admin.lrange('handled', 0, -1)).size === 2_000, PATIENT);
      const ended = once(survivor, 'exit');
      survivor.stdin!.end();
      expect(await ended).toEqual([0, null]);

      const handled = (await admin.lrange('handled', 0, -1)).map(Number);
      expect([...new Set(handled)].toSorted((a, b) => a - b)).toEqual(numbers(1, 2_000));
      const begun = async (name: string): Promise<string[][]> =>
        (await admin.lrange(`begun:${name}`, 0, -1)).map((line) => line.split(' '));
      const [by, also] = [await begun('victim'), await begun('survivor')];
      const ids = [...by, ...also].map(([, id]) => id!);
      const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
      const heldIds = new Set(held.map(({ id }) => id));
      expect(twice.filter((id) => !heldIds.has(id))).toEqual([]);
      // a batch and its handlers, and acknowledgements on their way
      expect(held.length).toBeGreaterThan(0);
      expect(held.length).toBeLessThanOrEqual(8 + 4 + 8);
      expect(also.filter(([, , deliveries]) => deliveries === '2')).toHaveLength(held.length);
      expect(also.every(([, , deliveries]) => deliveries === '1' || deliveries === '2')).toBe(true);
      const stats = JSON.parse(outputs.get('survivor')!.split('\n')[1]!) as Record<string, number>;
      expect(stats).toMatchObject({ handled: also.length, claimed: held.length, failed: 0, inFlight: 0 });
    });
  }
});
