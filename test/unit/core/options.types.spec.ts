import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const compiler = 'node_modules/@typescript/native/bin/tsc';
const flags =
  '--ignoreConfig --noEmit --strict --exactOptionalPropertyTypes --skipLibCheck --module nodenext --target es2023 --lib ES2023,ESNext.Disposable --types node --experimentalDecorators --emitDecoratorMetadata';

it.each(['core', 'nest'])(
  'options of %s may be undefined also under exactOptionalPropertyTypes',
  async (house) => {
    const file = `test/unit/${house}/exact-options.ts`;
    const output = await new Promise<string>((resolve) => {
      execFile(
        process.execPath,
        [compiler, ...flags.split(' '), '--listFiles', file],
        { cwd: root },
        (_, stdout) => resolve(stdout),
      );
    });
    // that it was compiled at all; users see our declarations, not how the files behind them compile
    expect(output).toContain(`/${file}\n`);
    expect(output.split('\n').filter((line) => line.startsWith(`${file}(`))).toEqual([]);
  },
);
