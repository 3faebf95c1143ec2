import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const EXAMPLES = join(ROOT, 'test/docs/examples');

/** The pages whose examples are checked, by their path from the root. */
export const PAGES: readonly string[] = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .toSorted()
    .map((name) => `docs/${name}`),
];

export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** A block of code in a page. */
export interface Block {
  /** As in the comment before it: `pool.ts#use`; undefined where there is none. */
  readonly example: string | undefined;
  readonly code: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
}

const COMMENT = /^<!-- example: (\S+) -->$/;

/** The blocks of TypeScript or JavaScript of a page. */
export function codeBlocks(text: string): Block[] {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  for (let index = 0; index < lines.length; index++) {
    const fence = /^(\s*)(`{3,})(\w*)/.exec(lines[index]!);
    if (fence === null) continue;
    const end = lines.findIndex((line, at) => at > index && line.trim() === fence[2]);
    if (/^(ts|typescript|js|javascript|mjs)$/.test(fence[3]!)) {
      const before = lines.slice(0, index).findLast((line) => line.trim() !== '') ?? '';
      blocks.push({
        example: COMMENT.exec(before.trim())?.[1],
        code: lines.slice(index + 1, end).join('\n'),
        line: index + 1,
      });
    }
    index = end;
  }
  return blocks;
}

/**
 * What a page shows of an example: the whole file, or the lines between `// #region name` and `// #endregion`. A region
 * in several parts is shown with an empty line between them.
 *
 * @throws {Error} where there is no such file or region.
 */
export function exampleText(example: string): string {
  const [file, region] = example.split('#') as [string, string | undefined];
  const text = readFileSync(join(EXAMPLES, file), 'utf8').trimEnd();
  if (region === undefined) return text;
  const parts = [...text.matchAll(/^ *\/\/ #region (\S+)\n([\s\S]*?)\n *\/\/ #endregion$/gm)]
    .filter(([, name]) => name === region)
    .map(([, , body]) => dedent(body!));
  if (parts.length === 0) throw new Error(`${file} has no region '${region}'.`);
  return parts.join('\n\n');
}

function dedent(text: string): string {
  const lines = text.split('\n');
  const indents = lines.filter((line) => line !== '').map((line) => /^ */.exec(line)![0].length);
  const indent = Math.min(...indents);
  return lines.map((line) => line.slice(indent)).join('\n');
}

/** The page with every example's text put in anew. */
export function withExamples(text: string): string {
  return text.replaceAll(
    /(<!-- example: (\S+) -->\n+```ts\n)([\s\S]*?)(```)/g,
    (_, head: string, example: string, __, fence: string) => `${head}${exampleText(example)}\n${fence}`,
  );
}

/** Every example file, by its path under `examples/`. */
export function exampleFiles(folder = EXAMPLES): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(EXAMPLES, join(entry.parentPath, entry.name)));
}

/** The rows of the first table below a heading, its head left out: the text of each cell. */
export function tableBelow(text: string, heading: string): string[][] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (start === -1) throw new Error(`There is no heading '${heading}'.`);
  const first = lines.findIndex((line, at) => at > start && line.startsWith('|'));
  const rows: string[][] = [];
  for (let at = first; at !== -1 && lines[at]?.startsWith('|'); at++) {
    const cells = lines[at]!.split(/(?<!\\)\|/).slice(1, -1);
    rows.push(cells.map((cell) => cell.trim().replaceAll('\\|', '|')));
  }
  return rows.slice(2);
}

/** The text of a cell of code: `` `get` `` is `get`. */
export function codeOf(cell: string): string {
  const match = /^`(.+)`$/.exec(cell);
  if (match === null) throw new Error(`'${cell}' is not one piece of code.`);
  return match[1]!;
}

/** The links of a page that lead nowhere. */
export function brokenLinks(page: string): string[] {
  const broken: string[] = [];
  const prose = readPage(page).replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');
  for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target!)) continue;
    const [path, anchor] = target!.split('#') as [string, string | undefined];
    const file = path === '' ? join(ROOT, page) : resolve(ROOT, dirname(page), path);
    if (!existsSync(file)) broken.push(target!);
    else if (anchor !== undefined && !anchorsOf(file).has(anchor)) broken.push(target!);
  }
  return broken;
}

function anchorsOf(file: string): Set<string> {
  const prose = readFileSync(file, 'utf8').replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');
  const slugs = [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set(slugs);
}
