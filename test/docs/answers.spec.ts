import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { codeOf, readPage, ROOT, tableBelow } from './support/markdown.js';

const rows = tableBelow(readPage('docs/answers.md'), 'What users of Redis modules ask for');

/** The names that tests have in a file, as they are written there. */
function namesIn(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const calls = text.matchAll(
    /\b(?:it|test)(?:\.each(?:<[^>]*>)?\((?:[^()]|\([^()]*\))*\)(?: as const)?)?\(\s*(['"`])(.*?)(?<!\\)\1/gs,
  );
  return [...calls].map(([, , name]) => name!);
}

it('a name is found where a test has it, and nowhere else', () => {
  const names = namesIn('test/docs/answers.spec.ts');
  expect(names).toContain('a name is found where a test has it, and nowhere else');
  expect(names).not.toContain('test/docs/answers.spec.ts');
});

it('has a wish, an answer and a test in every row, and no wish twice', () => {
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.filter((row) => row.length !== 4 || row.includes(''))).toEqual([]);
  const wishes = rows.map(([wish]) => wish);
  expect(new Set(wishes).size).toBe(wishes.length);
});

it.each(rows)('%s: %s', (_wish, _answer, fileCell, test) => {
  const file = codeOf(fileCell!);
  expect(file).toMatch(/^test\/.*\.spec\.ts$/);
  expect(existsSync(join(ROOT, file))).toBe(true);
  expect(namesIn(file)).toContain(test);
});
