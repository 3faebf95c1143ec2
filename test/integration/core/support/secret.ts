import { inspect } from 'node:util';
import { expect } from '@jest/globals';

/** In every key, value and password of the tests of errors: no error may show it, however deep one looks. */
export const SECRET = 'sekret';

export function showsSecret(error: unknown): boolean {
  return inspect(error, { depth: null, showHidden: true }).includes(SECRET);
}

export function expectNoSecret(error: unknown): void {
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain(SECRET);
}
