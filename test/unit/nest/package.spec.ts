import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

interface Manifest {
  exports: Record<string, string | { types: string }>;
  typesVersions: Record<'*', Record<string, string[]>>;
}

test("moduleResolution node10, which knows no exports, finds the same types: Nest 11's default", () => {
  const { exports, typesVersions } = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  ) as Manifest;
  const expected = Object.entries(exports).flatMap(([path, target]) =>
    path === '.' || typeof target === 'string' ? [] : [[path.slice('./'.length), [target.types]]],
  );
  expect(expected.length).toBeGreaterThan(0);
  expect(typesVersions['*']).toEqual(Object.fromEntries(expected));
});
