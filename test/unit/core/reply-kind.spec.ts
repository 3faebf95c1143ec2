import { expect, it } from '@jest/globals';
import { replyKind } from '../../../lib/core/observation/reply-kind.js';

it.each([
  [null, 'null'],
  ['', 'string(0)'],
  ['secret', 'string(6)'],
  [Buffer.from('sécret'), 'bytes(7)'],
  [42, 'number'],
  [42n, 'bigint'],
  [true, 'boolean'],
  [['secret', null], 'array(2)'],
  [new Map([['secret', 1]]), 'map(1)'],
  [new Set(['secret']), 'set(1)'],
  [{ secret: 1, other: 2 }, 'record(2)'],
  [Object.create(null), 'record(0)'],
  [undefined, 'nothing'],
])('%p is told as %s', (reply, kind) => {
  expect(replyKind(reply)).toBe(kind);
});
