import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { expect, it } from '@jest/globals';

/** What a script and all that it loads before its first line runs takes from elsewhere: neither a file here nor Node. */
function foreignImports(path: string, seen = new Set<string>()): string[] {
  if (seen.has(path)) return [];
  seen.add(path);
  const statements = readFileSync(path, 'utf8').matchAll(
    /^(?:import|export)\s(?:[^'";]*?\sfrom\s)?\s*'([^']+)'/gm,
  );
  return [...statements].flatMap(([, from]) => {
    if (from!.startsWith('node:')) return [];
    return from!.startsWith('.') ? foreignImports(resolve(dirname(path), from!), seen) : [`${path}: ${from}`];
  });
}

// in a fresh clone they install what everything else needs
it.each(['demo', 'test'])('npm run %s begins with nothing but Node and npm', (name) => {
  const seen = new Set<string>();
  expect(foreignImports(`scripts/${name}.mjs`, seen)).toEqual([]);
  expect([...seen].map((path) => path.split('/').at(-1))).toContain('ensure-installed.mjs');
});
