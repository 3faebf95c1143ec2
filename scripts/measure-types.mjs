// @ts-check
import { mkdtempSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildLibrary } from './build.mjs';
import { root } from './lib/paths.mjs';
import { box, messageOf } from './lib/report.mjs';
import { runCommand } from './lib/run-command.mjs';

/**
 * `npm run measure:types`: what the types cost those who use the package. The repository's own `tsc` goes over an empty
 * file and over one that uses the client, with and without `skipLibCheck`, in a folder outside that has the package as it
 * is built. Fails when the difference is past the limit.
 *
 * @typedef {{ seconds: number, megabytes: number }} Cost
 */

/** Above the empty file: s and MB. */
const LIMIT = { seconds: 2, megabytes: 300 };
/** The repository's own, and the one before it, which most users still have. */
const COMPILERS = {
  'TypeScript 7': join(root, 'node_modules', '@typescript', 'native', 'bin', 'tsc'),
  'TypeScript 6': join(root, 'node_modules', 'typescript', 'bin', 'tsc6'),
};
/** At the most. What else the machine does only adds, so that one round within the limit is enough, and the best counts. */
const ROUNDS = 3;

const USE = `import { RedisClient, RedisPool, type ScoredMember } from 'nestjs-redwire/core';

const client = new RedisClient({ url: 'redis://localhost', guard: { flushall: 'deny' } });
const pool = new RedisPool({ url: 'redis://localhost', max: 5 });

export async function use(): Promise<unknown[]> {
  const text: string | null = await client.get('key');
  const stored: 'OK' | null = await client.set('key', 'value', 'EX', 10, 'NX');
  const counted: number = await client.incr('n');
  const record: Record<string, string> = await client.hgetall('hash');
  await client.hset('hash', { field: 1 });
  await client.zadd('ranks', { score: 1, member: 'a' });
  const ranks: ScoredMember[] = await client.zrange('ranks', 0, -1, 'WITHSCORES');
  const entries = await client.xread('COUNT', 2, 'STREAMS', 'stream', 0);
  const near = await client.geosearch('geo', 'FROMMEMBER', 'm', 'BYRADIUS', 1, 'km', 'WITHDIST');
  const bytes: Buffer | null = await client.buffers.get('key');
  const late = await client.with({ timeout: 100 }).mget('a', 'b');
  const [first, second] = await client.pipeline().get('a').lrange('l', 0, -1).exec({ throwOnError: true });
  for await (const keys of client.scanIterator({ match: '*' })) await client.unlink(keys);
  const lent = await pool.use((other) => other.smembers('set'));
  const [sum, value] = await client.multi((tx) => tx.incr('n').get('k'), { throwOnError: true });
  const changed = await client.watch(['k'], (tx, { k }) => tx.set('k', \`\${k}!\`));
  await client.dedicated(async (session) => session.watch('k'));
  return [text, stored, counted, record, ranks, entries, near, bytes, late, first, second, lent, sum, value, changed];
}

// what is alike and not the same: to find a type for all of it, a compiler compares hundreds of methods
export const readers = [client, client.buffers, client.with({ timeout: 100 })];
export const batches = [client.pipeline(), client.pipeline().get('a'), client.buffers.pipeline().incr('n')];
export const classes = [RedisClient, RedisPool];
export function either(flag: boolean) {
  return flag ? client.pipeline().get('a').incr('n') : client.pipeline().incr('n');
}
`;

async function main() {
  await buildLibrary();
  const folder = mkdtempSync(join(tmpdir(), 'redwire-types-'));
  try {
    prepare(folder);
    let failed = false;
    const runs = Object.entries(COMPILERS).flatMap(([name, tsc]) => [
      { name, tsc, skipLibCheck: true },
      { name, tsc, skipLibCheck: false },
    ]);
    for (const { name, tsc, skipLibCheck } of runs) {
      const measureEmpty = () => measure(tsc, folder, 'empty.ts', skipLibCheck);
      const empty = least(await measureEmpty(), await measureEmpty());
      let use = await measure(tsc, folder, 'use.ts', skipLibCheck);
      let more = difference(use, empty);
      for (let round = 1; round < ROUNDS && !isWithinLimit(more); round++) {
        use = least(use, await measure(tsc, folder, 'use.ts', skipLibCheck));
        more = difference(use, empty);
      }
      failed ||= !isWithinLimit(more);
      say(`${name}, skipLibCheck: ${skipLibCheck}`);
      say(`  an empty file     ${described(empty)}`);
      say(`  with the client   ${described(use)}`);
      say(`  the difference    ${described(more)}   (limit ${described(LIMIT)})`);
    }
    if (failed) throw new Error('The types cost their users more than the limit.');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder */
function prepare(folder) {
  const packages = join(folder, 'node_modules');
  mkdirSync(join(packages, '@types'), { recursive: true });
  symlinkSync(root, join(packages, 'nestjs-redwire'));
  symlinkSync(join(root, 'node_modules', '@types', 'node'), join(packages, '@types', 'node'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(folder, 'empty.ts'), 'export {};\n');
  writeFileSync(join(folder, 'use.ts'), USE);
}

/**
 * @param {Cost} one
 * @param {Cost} other
 * @returns {Cost}
 */
function difference(one, other) {
  return { seconds: one.seconds - other.seconds, megabytes: one.megabytes - other.megabytes };
}

/**
 * @param {Cost} one
 * @param {Cost} other
 * @returns {Cost} each figure by itself
 */
function least(one, other) {
  return {
    seconds: Math.min(one.seconds, other.seconds),
    megabytes: Math.min(one.megabytes, other.megabytes),
  };
}

/** @param {Cost} cost */
function isWithinLimit({ seconds, megabytes }) {
  return seconds <= LIMIT.seconds && megabytes <= LIMIT.megabytes;
}

/**
 * @param {string} tsc
 * @param {string} folder
 * @param {string} file
 * @param {boolean} skipLibCheck
 * @returns {Promise<Cost>}
 */
async function measure(tsc, folder, file, skipLibCheck) {
  const options = {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    target: 'es2023',
    types: ['node'],
    lib: ['es2023', 'esnext.disposable'],
    skipLibCheck,
  };
  const project = join(folder, 'tsconfig.json');
  writeFileSync(project, JSON.stringify({ compilerOptions: options, files: [file] }));
  const out = await runCommand(process.execPath, [tsc, '-p', project, '--extendedDiagnostics'], {
    cwd: folder,
    timeout: 120_000,
  });
  return { seconds: figure(out, 'Total time', 1), megabytes: figure(out, 'Memory used', 1 / 1_000) };
}

/**
 * @param {string} text
 * @param {string} name
 * @param {number} unit
 */
function figure(text, name, unit) {
  const found = new RegExp(`^${name}:\\s*([\\d.]+)`, 'm').exec(text);
  if (found === null) throw new Error(`tsc told no "${name}":\n${text}`);
  return Number(found[1]) * unit;
}

/** @param {Cost} cost */
function described({ seconds, megabytes }) {
  return `${seconds.toFixed(2).padStart(5)} s ${megabytes.toFixed(0).padStart(4)} MB`;
}

/** @param {string} line */
function say(line) {
  process.stdout.write(`${line}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${box('The types were not measured, or are too heavy', messageOf(error))}\n`);
  process.exitCode = 1;
}
