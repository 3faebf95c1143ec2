import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { RedisClient } from 'nestjs-redwire/core';
import { eventually, ONE_KIND, startServer } from '../../support/index.js';
import { clientMaker } from '../core/support/index.js';
import { addNumbers, numbers, pendingOf } from '../core/support/streams.js';

const PATIENT = { timeout: 20_000 };
const HOOKS = new URL('../../support/with-library.mjs', import.meta.url).href;
const APP = fileURLToPath(new URL('./support/stream-app.mjs', import.meta.url));

interface Instance {
  readonly child: ChildProcess;
  output: string;
}

// groups on all servers are in stream-handlers.spec.ts: here it is what processes do
describe.each(ONE_KIND)('instances of an application, %s', (kind) => {
  const make = clientMaker(() => ({ reconnect: { delay: 10, maxDelay: 50 } }));
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  function launch(url: string, name: string, slow = 0): Instance {
    const child = spawn(process.execPath, ['--import', HOOKS, APP], {
      env: { ...process.env, NODE_OPTIONS: '', SERVER: url, NAME: name, SLOW: String(slow) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const instance: Instance = { child, output: '' };
    child.stdout.on('data', (text: Buffer) => (instance.output += String(text)));
    return instance;
  }

  async function start(url: string, name: string, slow = 0): Promise<Instance> {
    const instance = launch(url, name, slow);
    await eventually(() => expect(instance.output).toBe('up\n'), PATIENT);
    return instance;
  }

  /** What an instance began with: number, id and delivery. */
  const begunBy = async (admin: RedisClient, name: string): Promise<string[][]> =>
    (await admin.lrange(`begun:${name}`, 0, -1)).map((line) => line.split(' '));

  it('share a group; one that is killed leaves nothing undone, and one that is told to stop finishes what runs', async () => {
    await using server = await startServer({ kind });
    const admin = make({ url: server.url });
    const [victim, survivor] = await Promise.all([
      start(server.url, 'victim', 20),
      start(server.url, 'survivor', 20),
    ]);
    await addNumbers(admin, 'work', 1, 100);
    await eventually(
      async () => (await admin.llen('handled')) === 100 && (await pendingOf(admin, 'work', 'workers')) === 0,
      PATIENT,
    );
    // each once, and both had their share
    expect((await admin.lrange('handled', 0, -1)).map(Number).toSorted((a, b) => a - b)).toEqual(
      numbers(1, 100),
    );
    expect((await begunBy(admin, 'victim')).length).toBeGreaterThan(0);
    expect((await begunBy(admin, 'survivor')).length).toBeGreaterThan(0);

    const died = once(victim.child, 'exit');
    const adding = addNumbers(admin, 'work', 101, 300);
    // it dies with entries in hand
    await eventually(async () => {
      victim.child.kill('SIGSTOP');
      if ((await admin.xpending('work', 'workers', '-', '+', 1, 'victim')).length > 0) return true;
      victim.child.kill('SIGCONT');
      return false;
    }, PATIENT);
    victim.child.kill('SIGKILL');
    await died;
    await adding;
    const held = await admin.xpending('work', 'workers', '-', '+', 100, 'victim');
    expect(held.length).toBeGreaterThan(0);
    await eventually(async () => (await pendingOf(admin, 'work', 'workers')) === 0, PATIENT);
    await eventually(async () => new Set(await admin.lrange('handled', 0, -1)).size === 300, PATIENT);
    const again = (await begunBy(admin, 'survivor')).filter(([, , deliveries]) => deliveries === '2');
    expect(again.map(([, id]) => id).toSorted()).toEqual(held.map(({ id }) => id).toSorted());

    // with entries in hand
    await addNumbers(admin, 'work', 301, 400);
    await eventually(async () => (await begunBy(admin, 'survivor')).some(([n]) => Number(n) > 300), PATIENT);
    const ended = once(survivor.child, 'exit');
    survivor.child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    const begun = new Set((await begunBy(admin, 'survivor')).map(([n]) => n));
    const handled = new Set(await admin.lrange('handled', 0, -1));
    expect([...begun].filter((n) => !handled.has(n!))).toEqual([]);
    expect(JSON.parse(survivor.output.split('\n')[1]!)).toMatchObject({
      className: 'Work',
      stream: 'work',
      group: 'workers',
      handled: begun.size,
      claimed: held.length,
      failed: 0,
      inFlight: 0,
      waiting: 0,
    });
    // what it had read and not begun is anybody's, as if for the first time
    const left = await admin.xpending('work', 'workers', '-', '+', 100);
    expect(left.every(({ deliveries }) => deliveries === 0)).toBe(true);
  });

  it('end by themselves where their boot fails, and say why', async () => {
    await using server = await startServer({ kind });
    const admin = make({ url: server.url });
    await admin.set('work', 'no stream');
    const instance = launch(server.url, 'one');
    expect(await once(instance.child, 'close')).toEqual([0, null]);
    expect(instance.output).toMatch(
      /@OnRedisStream\(\) on Work\.onWork: group "workers" of stream "work".*WRONGTYPE/,
    );
  });
});
