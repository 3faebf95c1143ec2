/**
 * `npm run generate`: makes the TypeScript of the `*.generated.ts` of `lib/core`, and docs/commands.md, from `commands.json`, the
 * overlay and the policies.
 *
 *     node scripts/commands/generate.mjs [--check]
 *
 * `--check` writes nothing and fails when a generated file is stale.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as prettier from 'prettier';
import { loadCommands } from './model.mjs';
import { writeDocs } from './write-docs.mjs';
import { writeMethods, writeOptions } from './write-methods.mjs';
import { writePolicies } from './write-policies.mjs';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const fileOf = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const commands = await loadCommands();
const files = {
  'lib/core/commands/commands.generated.ts': writeMethods(commands),
  'lib/core/commands/command-options.generated.ts': writeOptions(commands),
  'lib/core/cluster/many-nodes/command-policies.generated.ts': writePolicies(commands),
  'docs/commands.md': await writeDocs(
    commands,
    await readFile(fileOf('lib/core/commands/reply-types.ts'), 'utf8'),
  ),
};
const methods = commands.filter((command) => command.method !== null).length;
const stale = [];
for (const [path, source] of Object.entries(files)) {
  const file = fileOf(path);
  const text = await prettier.format(source, { ...(await prettier.resolveConfig(file)), filepath: file });
  if ((await readFile(file, 'utf8').catch(() => '')) === text) continue;
  stale.push(path);
  if (!values.check) await writeFile(file, text);
}
if (values.check && stale.length > 0) {
  console.error(`stale: ${stale.join(', ')}. Run \`npm run generate\` and commit what it writes.`);
  process.exitCode = 1;
} else {
  console.log(
    `${commands.length} commands, ${methods} methods; ${stale.length === 0 ? 'nothing changed' : `wrote ${stale.join(', ')}`}`,
  );
}
