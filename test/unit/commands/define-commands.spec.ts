import { describe, expect, it } from '@jest/globals';
import { defineCommands } from 'nestjs-redwire/core';
import { blockingTimeout } from '../../../lib/core/commands/blocking-timeout.js';
import { commandByName } from '../../../lib/core/commands/command-by-name.js';
import { allCommands, RedisCommands } from '../../../lib/core/commands/commands.generated.js';
import { CommandFlag, defineCommand, type CommandSpec } from '../../../lib/core/commands/command-spec.js';
import { keyPositions } from '../../../lib/core/commands/key-positions.js';

/** Keeps what would be sent. */
class Recorder extends RedisCommands {
  spec: CommandSpec | undefined;
  sent: unknown[] = [];

  protected override execute(spec: CommandSpec, args: unknown[]): Promise<unknown> {
    this.spec = spec;
    this.sent = [spec.name, ...args];
    return Promise.resolve(null);
  }
}

const FIRST_KEY = { begin: { index: 0 }, find: { lastKey: 0, step: 1, limit: 0 } };

function recorded(method: string, ...args: unknown[]): Recorder {
  const recorder = new Recorder();
  void (recorder as unknown as Record<string, (...args: unknown[]) => unknown>)[method]!(...args);
  return recorder;
}

describe('defineCommands()', () => {
  it('makes a method that takes raw arguments and lists', () => {
    defineCommands({ shelfAdd: { name: 'SHELF.ADD', flags: ['WRITE'], keys: [FIRST_KEY] } });
    const { spec, sent } = recorded('shelfAdd', 'shelf', ['a', 'b'], 3);
    expect(sent).toEqual(['SHELF.ADD', 'shelf', 'a', 'b', 3]);
    expect(spec!.flags).toBe(CommandFlag.WRITE);
    expect(keyPositions(spec!, ['shelf', 'a'])).toEqual([0]);
    expect(Object.keys(RedisCommands.prototype)).toEqual([]);
  });

  it('with pairs as a record or a Map, with groups as objects', () => {
    defineCommands({
      shelfPairs: { name: 'SHELF.PAIRS', raw: 'entries' },
      shelfGroups: { name: 'SHELF.GROUPS', raw: ['row', 'book'] },
    });
    expect(recorded('shelfPairs', 's', { a: 1 }).sent).toEqual(['SHELF.PAIRS', 's', 'a', 1]);
    expect(recorded('shelfGroups', 's', [{ book: 'b', row: 1 }]).sent).toEqual(['SHELF.GROUPS', 's', 1, 'b']);
  });

  it('with a form: options in the order of the wire, and a TypeError for those that make no sense', async () => {
    defineCommands({
      shelfFind: {
        name: 'SHELF.FIND',
        flags: ['READONLY', 'IDEMPOTENT'],
        plain: 1,
        form: ({ slot, oneOf, flag, value }) => [slot(), oneOf(flag('ASC'), flag('DESC')), value('LIMIT')],
      },
    });
    expect(recorded('shelfFind', 's').sent).toEqual(['SHELF.FIND', 's']);
    expect(recorded('shelfFind', 's', 'DESC', 'LIMIT', 5).sent).toEqual([
      'SHELF.FIND',
      's',
      'DESC',
      'LIMIT',
      5,
    ]);
    expect(recorded('shelfFind', 's', { limit: 5, asc: true }).sent).toEqual([
      'SHELF.FIND',
      's',
      'ASC',
      'LIMIT',
      5,
    ]);
    const call = (new Recorder() as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[
      'shelfFind'
    ]!.bind(new Recorder());
    await expect(call('s', { asc: true, desc: true })).rejects.toThrow(
      'SHELF.FIND: options `asc` and `desc` exclude each other; nothing was sent.',
    );
  });

  it('a name that is taken is refused with all the others of the call; the same command may come again', () => {
    defineCommands({ shelfOne: { name: 'SHELF.ONE' } });
    defineCommands({ shelfOne: { name: 'SHELF.ONE', flags: ['READONLY'] } });
    expect(recorded('shelfOne').spec!.flags).toBe(CommandFlag.READONLY);
    expect(() => defineCommands({ shelfTwo: { name: 'SHELF.TWO' }, shelfOne: { name: 'OTHER' } })).toThrow(
      "defineCommands(): the name 'shelfOne' for OTHER is taken: it is SHELF.ONE already.",
    );
    expect('shelfTwo' in RedisCommands.prototype).toBe(false);
    for (const name of ['get', 'close', 'exec', 'with', 'then', 'toString', 'constructor'])
      expect(() => defineCommands({ [name]: { name: 'OTHER' } })).toThrow(/clients have it already/);
  });

  it('call() knows them, and keeps what it knew', () => {
    defineCommands({
      shelfCount: { name: 'SHELF COUNT', keys: [FIRST_KEY] },
      ownGet: { name: 'GET', flags: ['WRITE'] },
    });
    expect(commandByName('shelf', 'count')).toMatchObject({ name: 'SHELF COUNT', words: 2 });
    expect(commandByName('get')!.flags & CommandFlag.READONLY).toBe(CommandFlag.READONLY);
    expect(recorded('ownGet', 'k').spec!.flags).toBe(CommandFlag.WRITE);
  });
});

describe('how long a blocking command may wait', () => {
  it('is not known of one that is not of this package: for ever', () => {
    expect(blockingTimeout(defineCommand('SHELF.WAIT', CommandFlag.BLOCKING), ['shelf', 5])).toBe(Infinity);
  });

  it('is known of all that are', () => {
    const blocking = allCommands().filter(({ flags }) => (flags & CommandFlag.BLOCKING) !== 0);
    expect(blocking.length).toBeGreaterThan(10);
    for (const spec of blocking) {
      const args = spec.name.startsWith('XREAD') ? ['BLOCK', '7', 'STREAMS', 'a', '0'] : ['7', '7'];
      expect([spec.name, blockingTimeout(spec, args)]).not.toEqual([spec.name, Infinity]);
    }
  });
});
