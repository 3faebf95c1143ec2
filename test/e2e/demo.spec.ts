import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { isAlive } from '../../scripts/lib/lock.mjs';
import { root } from '../../scripts/lib/paths.mjs';
import { ping } from '../../scripts/servers/index.mjs';
import { eventually, SERVER_KINDS, startServer } from '../support/index.js';

/** It builds, starts everything and measures for a second: a few seconds on an idle machine. */
const DEADLINE = 90_000;

/** `npm run demo`, watched. */
class Demo {
  text = '';
  readonly ended: Promise<number | NodeJS.Signals>;
  private readonly child: ChildProcess;

  constructor(args: string[], environment: NodeJS.ProcessEnv = {}) {
    const unset = { NODE_OPTIONS: '', REDIS_URL: '', PORT: '' };
    this.child = spawn(process.execPath, [join(root, 'scripts', 'demo.mjs'), ...args], {
      cwd: root,
      env: { ...process.env, ...unset, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const add = (chunk: Buffer) => (this.text += chunk.toString());
    this.child.stdout?.on('data', add);
    this.child.stderr?.on('data', add);
    this.ended = once(this.child, 'close').then(([code, signal]) => signal ?? code);
  }

  /** What it told about a subject. */
  tell(pattern: RegExp): string {
    const found = pattern.exec(this.text)?.[1];
    if (found === undefined) throw new Error(`${pattern} is not in:\n${this.text}`);
    return found;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null && isAlive(this.child.pid ?? 0);
  }
}

let demo: Demo | undefined;

afterEach(() => {
  if (demo?.isRunning) demo.kill('SIGKILL');
});

async function refuses(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  await expect(ping({ host: hostname, port: Number(port) })).rejects.toThrow(/ECONNREFUSED/);
}

describe('npm run demo', () => {
  test(
    '--once shows it all, and leaves nothing running',
    async () => {
      demo = new Demo(['--once']);
      const code = await demo.ended;
      expect({ code, text: demo.text }).toMatchObject({ code: 0 });
      expect(demo.text).toContain('300 placed over HTTP and stored');
      expect(demo.text).toContain("300 handled by @OnRedisMessage('orders.*')");
      expect(demo.text).toContain('300 heard over server-sent events');
      expect(demo.text).toContain('lines.0.item: is not on the menu');
      expect(demo.text).toContain('ok: Redis is up');
      expect(demo.text).toContain("300 tickets worked off by @OnRedisStream('kitchen:tickets')");
      expect(demo.text).toMatch(/trace +SERVER POST.*, .* ms\n/);
      expect(demo.text).toMatch(
        /\n +PRODUCER publish orders\.\w+, .* ms\n(.*\n)*? +CONSUMER process orders\.\*, .* ms/,
      );
      expect(demo.text).toMatch(/\n +CLIENT HSET, .* ms\n(.*\n)* +db\.query\.text: HSET \?/);
      expect(Number(demo.tell(/([\d,]+) GET\/s/).replaceAll(',', ''))).toBeGreaterThan(1_000);
      await refuses(demo.tell(/server .* at (redis:\S+)/));
      await refuses(demo.tell(/listening at (\S+)/));
    },
    DEADLINE,
  );

  test(
    '--once --stand-in does the same without a real server, and says so',
    async () => {
      demo = new Demo(['--once', '--stand-in']);
      const code = await demo.ended;
      expect({ code, text: demo.text }).toMatchObject({ code: 0 });
      expect(demo.text).toMatch(/server +not a real one: js-redis-server stands in/);
      expect(demo.text).toContain("300 handled by @OnRedisMessage('orders.*')");
      await refuses(demo.tell(/listening at (\S+)/));
    },
    DEADLINE,
  );

  test(
    'stays up until it is told to end, in order, and leaves a server that is not its own as it was',
    async () => {
      const server = await startServer({ kind: SERVER_KINDS[0]!, requirepass: 'se/cret' });
      const client = new RedisClient(server.url);
      try {
        await client.set('untouched', '1');
        demo = new Demo([], { REDIS_URL: server.url });
        const running = demo;
        await eventually(() => expect(running.text).toMatch(/Ctrl-C ends/), {
          timeout: DEADLINE,
          interval: 50,
        });
        expect(demo.text).not.toContain('cret');
        const url = demo.tell(/Open (http\S+)\/ /);
        expect((await fetch(url)).status).toBe(200);
        demo.kill('SIGINT');
        expect(await demo.ended).toBe(0);
        expect(demo.text).toContain('the application has closed');
        await refuses(url);
        expect(await client.keys('*')).toEqual(['untouched']);
      } finally {
        await client.close();
        await server.stop();
      }
    },
    DEADLINE,
  );

  test(
    'fails with the reason where there is nothing at REDIS_URL',
    async () => {
      demo = new Demo(['--once'], { REDIS_URL: 'redis://:secret@127.0.0.1:1' });
      expect(await demo.ended).toBe(1);
      expect(demo.text).toContain('THE DEMO FAILED');
      expect(demo.text).toContain('127.0.0.1:1 (ECONNREFUSED)');
      expect(demo.text).not.toContain('secret');
    },
    DEADLINE,
  );
});
