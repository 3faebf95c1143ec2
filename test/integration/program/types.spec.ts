import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { SERVER_KINDS, startServer } from '../../support/index.js';
import { ownFolder, prefixOf, writeModule } from './support/index.js';

const ROOT = new URL('../../../', import.meta.url);
const project = ownFolder();

it('the modules compile under `strict`, with what is unused reported, and their types hold', async () => {
  const kinds = SERVER_KINDS.map((kind) => [kind, prefixOf(kind)] as const);
  for (const [kind, prefix] of kinds) {
    await using server = await startServer({ kind });
    await writeModule(join(project, `${kind}.ts`), server.url, '--prefix', prefix);
  }
  const used = kinds.map(
    ([kind, prefix]) => `import './${kind}.js';
export async function ${prefix}(client: RedisClient): Promise<void> {
  const reply: Reply = await client.${prefix}Set('k', 'v', 'EX', 10);
  const other: Reply = await client.buffers.${prefix}Set('k', 'v', { ex: 10, nx: true });
  const both: (Reply | Error)[] = await client.pipeline().${prefix}Get('k').${prefix}Zadd('z', { score: 1, member: 'm' }).exec();
  // @ts-expect-error they exclude each other
  await client.${prefix}Set('k', 'v', { nx: true, xx: true });
  // @ts-expect-error no such option
  await client.${prefix}Set('k', 'v', { ttl: 1 });
  // @ts-expect-error nothing is known of the reply
  const text: string = await client.${prefix}Get('k');
  // @ts-expect-error the key is missing
  await client.${prefix}Get();
  void [reply, other, both, text];
}`,
  );
  writeFileSync(
    join(project, 'use.ts'),
    `import type { RedisClient, Reply } from 'nestjs-redwire/core';\n${used.join('\n')}\n`,
  );
  const at = (path: string): string => new URL(path, ROOT).pathname;
  const compilerOptions = {
    module: 'nodenext',
    target: 'ES2023',
    lib: ['ES2023', 'ESNext.Disposable'],
    strict: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    useDefineForClassFields: false,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [at('node_modules/@types')],
    paths: { 'nestjs-redwire/core': [at('lib/core/index.ts')] },
  };
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const tsc = at('node_modules/@typescript/native/bin/tsc');
  const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', project], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  expect(stdout).toBe('');
  expect(status).toBe(0);
}, 180_000);
