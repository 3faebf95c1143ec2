import { expect, it } from '@jest/globals';
import { CONFIG_SET, MSET, PING, SET } from '../../../lib/core/commands/commands.generated.js';
import { defineCommand } from '../../../lib/core/commands/command-spec.js';
import { queryText } from '../../../lib/core/commands/redaction.js';

it('shows a command without what was given to it', () => {
  expect(queryText(SET, ['key', 'secret'])).toBe('SET ? ?');
  expect(queryText(CONFIG_SET, ['requirepass', 'secret'])).toBe('CONFIG SET ? ?');
  expect(queryText(PING, [])).toBe('PING');
});

it('cuts long lists of arguments short', () => {
  expect(
    queryText(
      MSET,
      Array.from({ length: 8 }, () => 'x'),
    ),
  ).toBe('MSET ? ? ? ? ? ? ? ?');
  expect(
    queryText(
      MSET,
      Array.from({ length: 1_000 }, () => 'x'),
    ),
  ).toBe('MSET ? ? ? ? ? ? ? ? …');
});

it('cuts long names short', () => {
  const text = queryText(defineCommand('X'.repeat(1_000), 0), ['secret']);
  expect(text).toBe(`${'X'.repeat(64)}… ?`);
});
