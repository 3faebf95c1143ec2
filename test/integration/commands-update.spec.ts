import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { staleness } from '../../scripts/commands/staleness.mjs';
import { SERVER_KINDS, startServer, type TestServer } from '../support/index.js';

interface Table {
  servers: Record<string, string>;
  commands: Record<string, Record<string, unknown>>;
}

const root = new URL('../../', import.meta.url);
const kept = (): Table => JSON.parse(readFileSync(new URL('commands.json', root), 'utf8')) as Table;

describe('npm run commands:update', () => {
  let folder: string;
  let servers: TestServer[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'redwire-update-'));
    servers = [];
    for (const kind of SERVER_KINDS) servers.push(await startServer({ kind }));
  });

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  function update(args: string[], env: NodeJS.ProcessEnv = {}): { status: number | null; said: string } {
    const script = new URL('scripts/commands/update.mjs', root).pathname;
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '', REDWIRE_REQUIRE: '', REDWIRE_ABSENCES: '', ...env },
    });
    return { status, said: stdout + stderr };
  }

  const urls = (): string[] => servers.flatMap(({ url }) => ['--url', url]);

  it('writes what the check then finds up to date, and stale once a server says otherwise', () => {
    const file = join(folder, 'commands.json');
    expect(update([...urls(), '--file', file])).toMatchObject({ status: 0 });
    expect(update([...urls(), '--file', file, '--check'])).toMatchObject({
      status: 0,
      said: expect.stringContaining('commands.json is up to date'),
    });
    const table = JSON.parse(readFileSync(file, 'utf8')) as Table;
    table.commands['GET']!['arity'] = 3;
    delete table.commands['SET'];
    writeFileSync(file, JSON.stringify(table));
    const { status, said } = update([...urls(), '--file', file, '--check']);
    expect(status).toBe(1);
    expect(said).toContain('stale: the servers say otherwise of GET, SET. Run `npm run commands:update`');
    // a check writes nothing
    expect(readFileSync(file, 'utf8')).toBe(JSON.stringify(table));
  });

  it('the file in the repository is what these servers say', () => {
    const file = join(folder, 'today.json');
    expect(update([...urls(), '--file', file])).toMatchObject({ status: 0 });
    const today = JSON.parse(readFileSync(file, 'utf8')) as Table;
    // where a server cannot be had on this machine, the facts of the others must at least be among those that are kept
    const names = Object.keys(today.commands);
    expect(names.length).toBeGreaterThan(300);
    expect(names.filter((name) => !(name in kept().commands))).toEqual([]);
    if (servers.length === 3) expect(staleness(kept(), today)).toBeNull();
  });

  it('without servers the check says that it checked nothing, and fails where they are required', () => {
    // neither in the cache, nor on the PATH, nor by any package manager
    const bare = { REDWIRE_CACHE_DIR: join(folder, 'cache'), PATH: folder };
    const unchecked = update(['--check'], bare);
    expect(unchecked.status).toBe(0);
    expect(unchecked.said).toContain('NOT RUN: THE FACTS OF REDIS-8.0 IN COMMANDS.JSON');
    expect(unchecked.said).not.toContain('up to date');
    for (const REDWIRE_REQUIRE of ['servers', 'docker,redis-8.0'])
      expect(update(['--check'], { ...bare, REDWIRE_REQUIRE })).toMatchObject({
        status: 1,
        said: expect.stringContaining('commands.json needs all three servers'),
      });
    const file = join(folder, 'none.json');
    expect(update(['--file', file], bare).status).toBe(1);
    expect(() => readFileSync(file)).toThrow('ENOENT');
  });
});

describe('what is stale', () => {
  it('nothing, where a patch release says the same', () => {
    const later = kept();
    for (const label of Object.keys(later.servers)) later.servers[label] += '9';
    expect(staleness(kept(), later)).toBeNull();
  });

  it('a table of other releases', () => {
    const { servers, commands } = kept();
    const read = { servers: { ...servers, 'redis-9.0': '9.0.0' }, commands };
    expect(staleness(kept(), read)).toMatch(
      /^it was read from redis-7\.0, .* these servers are .*redis-9\.0$/,
    );
  });

  it('many commands, of which some are named', () => {
    const { servers } = kept();
    expect(staleness(kept(), { servers, commands: {} })).toMatch(
      /^the servers say otherwise of ACL, ACL CAT, .* and \d{3} more$/,
    );
  });
});
