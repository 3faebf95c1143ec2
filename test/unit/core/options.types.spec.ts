import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const compiler = 'node_modules/@typescript/native/bin/tsc';
const flags =
  '--ignoreConfig --noEmit --strict --exactOptionalPropertyTypes --skipLibCheck --module nodenext --target es2023 --lib ES2023,ESNext.Disposable --types node';

it('options may be undefined also under exactOptionalPropertyTypes', async () => {
  const file = 'test/unit/core/exact-options.ts';
  const output = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      [compiler, ...flags.split(' '), '--listFiles', file],
      { cwd: root },
      (_, stdout) => resolve(stdout),
    );
  });
  // that it was compiled at all
  expect(output).toContain(`/${file}\n`);
  expect(output.split('\n').filter((line) => line.includes('error TS'))).toEqual([]);
});
