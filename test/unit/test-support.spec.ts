import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { announceAbsence, isRequired, readAbsences } from '../../scripts/lib/absences.mjs';
import { whyInstall } from '../../scripts/lib/ensure-installed.mjs';
import { withLock } from '../../scripts/lib/lock.mjs';
import { CommandError, runCommand } from '../../scripts/lib/run-command.mjs';
import { isOfSeries, parseVersion } from '../../scripts/servers/kinds.mjs';
import { eventually } from '../support/index.js';

let folder: string;
const before = { ...process.env };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redwire-unit-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  for (const name of ['REDWIRE_REQUIRE', 'REDWIRE_ABSENCES']) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

describe('eventually', () => {
  test('waits until an assertion holds', async () => {
    let calls = 0;
    await eventually(() => expect(++calls).toBe(3), { interval: 1 });
    expect(calls).toBe(3);
  });

  test('waits until a question is answered, and passes the answer on', async () => {
    let calls = 0;
    expect(await eventually(async () => ++calls === 3 && 'three', { interval: 1 })).toBe('three');
  });

  test('fails after its timeout with what was wrong last', async () => {
    const cause = new Error('nothing came');
    const failing = eventually(() => Promise.reject(cause), { timeout: 20, interval: 1 });
    await expect(failing).rejects.toMatchObject({ message: 'Not so within 20 ms: nothing came', cause });
    await expect(eventually(() => false, { timeout: 5 })).rejects.toThrow(/still false/);
  });
});

describe('withLock', () => {
  const held = (pid: number) => JSON.stringify({ pid, host: hostname(), token: 'theirs' });

  test('lets one in at a time', async () => {
    const path = join(folder, 'lock');
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside--;
    };
    await Promise.all([withLock(path, work), withLock(path, work), withLock(path, work)]);
    expect(most).toBe(1);
    await expect(withLock(path, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    expect(await withLock(path, async () => 'free again')).toBe('free again');
  });

  test('takes over from a process that is gone, or whose heartbeat stopped', async () => {
    const path = join(folder, 'lock');
    writeFileSync(path, held(2 ** 22 + 1)); // above the highest pid
    expect(await withLock(path, async () => 'gone')).toBe('gone');
    writeFileSync(path, held(process.pid));
    utimesSync(path, 0, 0);
    expect(await withLock(path, async () => 'silent')).toBe('silent');
  });

  test('waits for one that is alive, and says so', async () => {
    const path = join(folder, 'lock');
    writeFileSync(path, held(process.pid));
    const waits: string[] = [];
    const options = { timeout: 50, onWait: () => waits.push('waiting') };
    await expect(withLock(path, async () => 'in', options)).rejects.toThrow(/held/);
    expect(waits).toEqual(['waiting']);
  });
});

describe('whyInstall', () => {
  const lock = (path: string, packages: object) =>
    writeFileSync(join(folder, path), JSON.stringify({ packages }));
  const wanted = {
    '': { name: 'root' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/b-win32': { version: '1.0.0', optional: true },
  };

  beforeEach(() => {
    mkdirSync(join(folder, 'node_modules'));
    lock('package-lock.json', wanted);
  });

  test('nothing was installed, or not to the end', () => {
    expect(whyInstall(folder)).toMatch(/missing or incomplete/);
  });

  test('what is installed is what is locked, less what is for other platforms', () => {
    lock('node_modules/.package-lock.json', { 'node_modules/a': wanted['node_modules/a'] });
    expect(whyInstall(folder)).toBeUndefined();
  });

  test.each([
    ['another version', { 'node_modules/a': { version: '2.0.0', integrity: 'sha512-a' } }],
    ['another content', { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-b' } }],
    ['not there', {}],
  ])('%s', (_, installed) => {
    lock('node_modules/.package-lock.json', installed);
    expect(whyInstall(folder)).toMatch(/is not what package-lock.json says: a$/);
  });

  test('a folder without a lock file is named', () => {
    rmSync(join(folder, 'package-lock.json'));
    expect(() => whyInstall(folder)).toThrow(/no package-lock\.json/);
  });
});

describe('absences', () => {
  test('are noted once each for the end of the run, and required by name', () => {
    const file = join(folder, 'absences');
    process.env.REDWIRE_ABSENCES = file;
    process.env.REDWIRE_REQUIRE = 'docker, servers';
    const write = process.stderr.write;
    let said = '';
    process.stderr.write = ((text: string) => (said += text) !== '') as typeof write;
    try {
      announceAbsence('docker', 'no engine');
      announceAbsence('docker', 'no engine');
    } finally {
      process.stderr.write = write;
    }
    expect(said).toMatch(/!! NOT RUN: DOCKER\s+!!\n[^]*no engine/);
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(2);
    expect(readAbsences(file)).toEqual([{ what: 'docker', reason: 'no engine' }]);
    expect(readAbsences(join(folder, 'none'))).toEqual([]);
    expect([isRequired('docker'), isRequired('chromium'), isRequired('servers', 'redis-8.0')]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe('runCommand', () => {
  const node = (code: string, timeout?: number) => runCommand(process.execPath, ['-e', code], { timeout });

  test('gives stdout, or fails with the last words', async () => {
    expect(await node('console.log(42)')).toBe('42\n');
    await expect(node('console.error("because"); process.exit(3)')).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/ended with exit code 3\nbecause$/),
    });
    await expect(runCommand(join(folder, 'none'), [])).rejects.toThrow(CommandError);
  });

  test('ends what takes too long', async () => {
    await expect(node('setInterval(() => {}, 1000)', 200)).rejects.toThrow(/did not end within 200 ms/);
  });
});

test('a server says what it is', () => {
  const redis = 'Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1';
  expect(parseVersion(redis)).toEqual({ product: 'redis', version: '7.0.15' });
  expect(parseVersion('Valkey server v=9.1.2 sha=0')).toEqual({ product: 'valkey', version: '9.1.2' });
  expect(parseVersion('v20.20.2')).toBeUndefined();
  expect([isOfSeries('7.0.15', '7.0'), isOfSeries('7.01.0', '7.0')]).toEqual([true, false]);
});
