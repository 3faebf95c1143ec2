import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { commandByName } from '../../../lib/core/commands/command-by-name.js';
import { CommandFlag, defineCommand, type CommandSpec } from '../../../lib/core/commands/command-spec.js';
import * as generated from '../../../lib/core/commands/commands.generated.js';
import { FLAG_BITS } from '../../../scripts/commands/model.mjs';
import { omitted, overlay } from '../../../scripts/commands/overlay.mjs';

const {
  allCommands,
  AUTH,
  BLPOP,
  CLIENT_SETNAME,
  CONFIG_GET,
  CONFIG_SET,
  DUMP,
  EVAL_RO,
  FLUSHALL,
  GET,
  MULTI,
  PING,
  SET,
  SUBSCRIBE,
  WAIT,
  XREAD,
  XREADGROUP,
} = generated;

const has = (spec: CommandSpec, ...flags: (keyof typeof CommandFlag)[]) =>
  flags.every((flag) => (spec.flags & CommandFlag[flag]) !== 0);

describe('a command', () => {
  it('begins its frame with its own words', () => {
    expect(GET.head(1)).toBe('\r\n*2\r\n$3\r\nGET');
    expect(GET.head(1)).toBe(GET.heads[1]);
    expect(CONFIG_GET.head(2)).toBe('\r\n*4\r\n$6\r\nCONFIG\r\n$3\r\nGET');
    expect(PING.head(0)).toBe('\r\n*1\r\n$4\r\nPING');
    expect(defineCommand('GRÜSSE', 0).head(0)).toBe('\r\n*1\r\n$7\r\nGRÜSSE');
  });

  it('knows how many words it has', () => {
    expect(GET.words).toBe(1);
    expect(CLIENT_SETNAME.words).toBe(2);
  });
});

describe('flags', () => {
  it('are the bits that the generator writes', () => {
    expect(FLAG_BITS).toEqual(CommandFlag);
  });

  it('say what a connection must know', () => {
    expect(has(GET, 'READONLY', 'IDEMPOTENT')).toBe(true);
    expect(has(EVAL_RO, 'READONLY', 'IDEMPOTENT')).toBe(true);
    expect(has(PING, 'IDEMPOTENT')).toBe(true);
    expect(has(PING, 'READONLY')).toBe(false);
    expect(has(SET, 'WRITE')).toBe(true);
    expect(has(SET, 'IDEMPOTENT')).toBe(false);
    expect(has(BLPOP, 'BLOCKING', 'WRITE')).toBe(true);
    expect(has(XREAD, 'BLOCKING', 'READONLY')).toBe(true);
    expect(has(XREADGROUP, 'IDEMPOTENT')).toBe(false);
    expect(has(MULTI, 'STATEFUL')).toBe(true);
    expect(has(AUTH, 'STATEFUL', 'SECRET')).toBe(true);
    expect(has(CONFIG_SET, 'SECRET', 'DANGEROUS')).toBe(true);
    expect(has(SUBSCRIBE, 'SUBSCRIPTION', 'STATEFUL')).toBe(true);
    expect(has(FLUSHALL, 'WRITE', 'DANGEROUS')).toBe(true);
    expect(has(CLIENT_SETNAME, 'STATEFUL')).toBe(false);
    expect(has(WAIT, 'BLOCKING', 'PINNED')).toBe(true);
    expect(has(DUMP, 'BYTES')).toBe(true);
  });

  it('call no write idempotent', () => {
    const both = allCommands().filter(
      (spec) => has(spec, 'WRITE') && (has(spec, 'IDEMPOTENT') || has(spec, 'READONLY')),
    );
    expect(both).toEqual([]);
  });
});

describe('the table', () => {
  const { commands } = JSON.parse(readFileSync('commands.json', 'utf8')) as {
    commands: Record<string, { container?: true; servers: string[] }>;
  };
  const prototype = generated.RedisCommands.prototype as unknown as Record<string, unknown>;
  const methodOf = (name: string) =>
    name.toLowerCase().replaceAll(/[ _-]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

  it('has every command of commands.json', () => {
    expect(allCommands().map(({ name }) => name)).toEqual(Object.keys(commands));
  });

  it('has a method for each, unless the overlay says why not', () => {
    const without = Object.entries(commands)
      .filter(([name, { container }]) => (container !== true || name === 'COMMAND') && !(name in omitted))
      .map(([name]) => methodOf(name))
      .filter((method) => typeof prototype[method] !== 'function');
    expect(without).toEqual([]);
    for (const name of Object.keys(omitted)) expect(prototype).not.toHaveProperty(methodOf(name));
  });

  it('has no method that a client needs for itself', () => {
    const taken = [
      'subscribe',
      'psubscribe',
      'ssubscribe',
      'unsubscribe',
      'multi',
      'exec',
      'watch',
      'unwatch',
      'discard',
    ]
      .concat([
        'monitor',
        'quit',
        'script',
        'pipeline',
        'close',
        'connect',
        'destroy',
        'on',
        'once',
        'off',
        'with',
        'call',
      ])
      .concat([
        'buffers',
        'status',
        'options',
        'observe',
        'probe',
        'dedicated',
        'scanIterator',
        'then',
        'execute',
      ]);
    expect(taken.filter((name) => name in prototype)).toEqual([]);
  });

  it('describes every command in one line of our own', () => {
    const containers = Object.keys(commands).filter(
      (name) => commands[name]!.container && name !== 'COMMAND',
    );
    const named = overlay as Record<string, { summary?: string }>;
    const silent = Object.keys(commands).filter(
      (name) => !containers.includes(name) && !named[name]?.summary,
    );
    expect(silent).toEqual([]);
  });
});

describe('commandByName', () => {
  it('finds commands however they are written', () => {
    expect(commandByName('get')).toBe(GET);
    expect(commandByName('GET', 'key')).toBe(GET);
    expect(commandByName('Config', 'get')).toBe(CONFIG_GET);
    expect(commandByName('CONFIG', Buffer.from('GET'))).toBe(CONFIG_GET);
    expect(commandByName('CONFIG GET')).toBe(CONFIG_GET);
    expect(commandByName('client', 'no-evict')?.name).toBe('CLIENT NO-EVICT');
  });

  it('gives the container for subcommands it does not know, and nothing for the rest', () => {
    expect(commandByName('CONFIG', 'NEW')?.name).toBe('CONFIG');
    expect(commandByName('FT.SEARCH', 'index')).toBeUndefined();
    expect(commandByName('__proto__')).toBeUndefined();
  });
});
