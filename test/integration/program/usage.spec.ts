import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '../../../scripts/servers/ports.mjs';
import { SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { FakeServer } from '../core/support/index.js';
import { ownFolder, program } from './support/index.js';

const folder = ownFolder();

describe('what is asked of it', () => {
  it('tells what it can do', async () => {
    expect(await program('--help')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('commands --url'),
    });
    const help = await program('commands', '--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const option of ['--url', '--out', '--only', '--prefix', '--help'])
      expect(help.stdout).toContain(`  ${option} `);
  });

  it.each([
    ['no server', ['commands'], 'Give its address: --url redis://localhost:6379'],
    ['no such command', ['generate'], "There is no command 'generate'. The one there is: commands."],
    ['an unknown option', ['commands', '--uri', 'x'], '`npx nestjs-redwire commands --help` lists them'],
    [
      'a file without a name',
      ['commands', '--url', 'redis://x', '--out', ''],
      '--out needs the name of a file',
    ],
    [
      'a prefix',
      ['commands', '--url', 'redis://x', '--prefix', 'my-'],
      '--prefix is the beginning of a method',
    ],
    [
      'an address',
      ['commands', '--url', 'http://localhost'],
      "--url: Redis option 'url' has the unknown scheme",
    ],
  ])('says what is wrong: %s', async (_, args, message) => {
    expect(await program(...args)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
  });

  it('a server that is not there', async () => {
    const { code, stderr } = await program(
      'commands',
      '--url',
      `redis://app:hunter2@127.0.0.1:${await freePort()}`,
    );
    expect(code).toBe(1);
    expect(stderr).toContain('ECONNREFUSED');
    expect(stderr).not.toContain('hunter2');
  });

  it.each([
    ['an option that is none', ['commands', '--uri=redis://app:hunter2@here']],
    ['an address in the place of the command', ['redis://app:hunter2@here']],
    ['an address among the options', ['commands', 'redis://app:hunter2@here']],
    ['an address that is none', ['commands', '--url', 'redis://app:hunter2@he re:x']],
    ['another scheme', ['commands', '--url', 'https://app:hunter2@here']],
  ])('shows no password: %s', async (_, args) => {
    const { code, stdout, stderr } = await program(...args);
    expect(code).toBe(2);
    expect(stdout + stderr).not.toContain('hunter2');
  });
});

it.each(['8.0\nevil();', '8.0\u2028evil();', '8.0\u001b[2J'])(
  'what a server calls its version cannot become code: %j',
  async (version) => {
    const about = Buffer.from(`# Server\r\nredis_version:${version}\r\n`).toString('latin1');
    const name = '$9\r\nshelf.get\r\n';
    await using fake = await FakeServer.start(({ name: command, args }) => {
      if (command === 'INFO') return `$${about.length}\r\n${about}\r\n`;
      if (command !== 'COMMAND') return undefined;
      return args[0] === 'DOCS'
        ? `%1\r\n${name}%0\r\n`
        : `*1\r\n*10\r\n${name}:1\r\n*0\r\n:0\r\n:0\r\n:0\r\n*0\r\n*0\r\n*0\r\n*0\r\n`;
    });
    const { code, stdout, stderr } = await program('commands', '--url', `redis://127.0.0.1:${fake.port}`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '1 command of a server\n' });
    expect(stdout).toContain("name: 'SHELF.GET'");
    expect(stdout.split('\n')[0]).toMatch(/^\/\/ What a server says of its commands/);
    expect(stdout).not.toContain('evil');
  },
);

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({
      kind,
      requirepass: 'hunter2',
      acl: [
        'user default on >hunter2 ~* &* +@all',
        'user blind on >hunter2 ~* &* +@all -command',
        'user shy on >hunter2 ~* &* -@all +command +hello',
      ],
    });
  });

  afterAll(() => server.stop());

  const urlOf = (user: string): string => server.url.replace('redis://:', `redis://${user}:`);

  it('RedisClient has all its commands', async () => {
    const { code, stdout, stderr } = await program('commands', '--url', server.url);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^Nothing to write: RedisClient has all \d{3} commands of this server\. With --prefix /,
    );
    const none = await program('commands', '--url', server.url, '--only', 'NO.*');
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining("no commands that match 'NO.*'") });
  });

  it('a wrong password, a user who may not ask, a file that cannot be written', async () => {
    const wrong = await program('commands', '--url', server.url.replace('hunter2', 'hunter3'));
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('Check `username`') });
    const blind = await program('commands', '--url', urlOf('blind'));
    expect(blind).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('`+command|docs +command|info`'),
    });
    const nowhere = ['--prefix', 'raw', '--out', join(folder, 'no', 'where.ts')];
    const lost = await program('commands', '--url', server.url, ...nowhere);
    expect(lost).toMatchObject({ code: 1, stderr: expect.stringContaining('could not be written: ENOENT') });
    for (const { stdout, stderr } of [wrong, blind, lost]) expect(stdout + stderr).not.toMatch(/hunter[23]/);
  });

  it('a user who may ask for commands alone', async () => {
    const { code, stdout } = await program(
      'commands',
      '--url',
      urlOf('shy'),
      '--only',
      'get',
      '--prefix',
      'raw',
    );
    expect(code).toBe(0);
    expect(stdout).toContain('// What a server says of its commands');
  });
});
