import { readdirSync, readFileSync } from 'node:fs';
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

test('nothing of others runs: the one dependency is of types alone', () => {
  const root = new URL('../../../', import.meta.url);
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  expect(Object.keys(dependencies)).toEqual(['@standard-schema/spec']);
  const imports = readdirSync(new URL('lib/', root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => readFileSync(new URL(`lib/${name}`, root), 'utf8').split('\n'))
    .filter((line) => line.includes("'@standard-schema/spec'"));
  expect(imports.length).toBeGreaterThan(0);
  expect(imports.filter((line) => !line.startsWith('import type '))).toEqual([]);
});
