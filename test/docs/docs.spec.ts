import { CLIENT_OPTION_NAMES } from '../../lib/core/check-options.js';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as core from 'nestjs-redwire/core';
import { resolveModuleOptions } from '../../lib/redis-options.js';
import { splitPoolOptions } from '../../lib/core/pool/pool-options.js';
import { resolveStreamConsumer } from '../../lib/core/streams/stream-consumer-options.js';
import { resolveHealthOptions } from '../../lib/terminus/resolve-health-options.js';
import { resolveMessageHandlerOptions } from '../../lib/pubsub/message-handler-options.js';
import { resolveStreamHandlerOptions } from '../../lib/streams/stream-handler-options.js';
import { SERVER_KINDS, startServer, type TestServer } from '../support/index.js';
import {
  brokenLinks,
  codeBlocks,
  codeOf,
  exampleFiles,
  exampleText,
  PAGES,
  readPage,
  ROOT,
  tableBelow,
  withExamples,
} from './support/markdown.js';

if (process.env.REDWIRE_WRITE_DOCS) {
  for (const page of PAGES) writeFileSync(join(ROOT, page), withExamples(readPage(page)));
}

/** Signatures, not examples: made by `npm run generate`, which CI checks. */
const GENERATED = 'docs/commands.md';

describe.each(PAGES.filter((page) => page !== GENERATED))('%s', (page) => {
  const text = readPage(page);

  it('shows examples that are files under test/docs/examples, word by word', () => {
    for (const { example, code, line } of codeBlocks(text)) {
      if (example === undefined)
        throw new Error(`${page}:${line}: no comment names the example of this block.`);
      expect(`${example}\n${code}`).toBe(`${example}\n${exampleText(example)}`);
    }
  });

  it('has no link that leads nowhere', () => {
    expect(brokenLinks(page)).toEqual([]);
  });
});

it.each(['CHANGELOG.md', GENERATED])('%s has no link that leads nowhere', (page) => {
  expect(brokenLinks(page)).toEqual([]);
});

describe(GENERATED, () => {
  const text = readPage(GENERATED);
  const blocks = codeBlocks(text).map(({ code }) => code);

  it('has every method of a command, and no other', () => {
    const methods = Object.getOwnPropertyNames(core.RedisCommands.prototype).filter(
      (name) => !['constructor', 'refuse', 'executeForm'].includes(name),
    );
    const shown = blocks.flatMap((code) => [...code.matchAll(/^(\w+)\(/gm)].map(([, name]) => name!));
    expect(methods.length).toBeGreaterThan(350);
    expect([...new Set(shown)].toSorted()).toEqual(methods.toSorted());
  });

  it('explains every type that it names', () => {
    const explained = tableBelow(text, 'Commands').flatMap(([cell]) => cell!.match(/\b[A-Z]\w+/g)!);
    const declared = blocks.flatMap((code) =>
      [...code.matchAll(/^(?:type|interface) (\w+)/gm)].map(([, name]) => name!),
    );
    const builtIn = ['Promise', 'Record', 'Readonly', 'ReadonlyMap', 'Buffer'];
    // parameters of types
    const parameters = ['Item', 'Name'];
    const known = new Set([...explained, ...declared, ...builtIn, ...parameters]);
    const named = blocks.flatMap(
      (code) => code.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|'[^']*'/g, '').match(/\b[A-Z][a-z]\w+/g) ?? [],
    );
    expect(named.length).toBeGreaterThan(1_000);
    expect([...new Set(named)].filter((name) => !known.has(name))).toEqual([]);
  });

  it('tells of each command its reply and the servers that have it', () => {
    const entries = text.split(/^### /m).slice(1);
    const unsaid = entries.filter(
      (entry) => !/^- Reply: `/m.test(entry) || !/^- Since .*; on (Redis|Valkey) /m.test(entry),
    );
    expect(entries.length).toBeGreaterThan(350);
    expect(unsaid).toEqual([]);
  });
});

it('every page is linked from the README', () => {
  const readme = readPage('README.md');
  for (const page of PAGES.slice(1)) expect(readme).toContain(`](${page})`);
});

describe('docs/architecture.md', () => {
  const text = readPage('docs/architecture.md');
  /** A path as the page writes it: from `lib/`, from `lib/core/`, or from the root. */
  const exists = (path: string): boolean =>
    ['lib/core', 'lib', ''].some((house) => existsSync(join(ROOT, house, path)));

  it('names files and folders that are there', () => {
    const named = [...text.matchAll(/`((?:[\w.-]+\/)*[\w.-]+\.ts|(?:lib|[a-z]+)\/(?:[a-z]+\/?)*)`/g)]
      .map(([, path]) => path!.replace(/\/$/, ''))
      .filter((path) => path !== 'lib');
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((path) => !exists(path))).toEqual([]);
  });

  it('has every folder of the core in its tree', () => {
    const tree = /```text\n([\s\S]*?)```/.exec(text)![1]!;
    const folders = readdirSync(join(ROOT, 'lib/core'), { withFileTypes: true });
    const names = folders.filter((entry) => entry.isDirectory()).map(({ name }) => `${name}/`);
    expect(names.filter((name) => !tree.includes(name))).toEqual([]);
    const files = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' });
    const shown = tree.match(/[\w.-]+\.ts/g)!;
    expect(shown.length).toBeGreaterThan(5);
    expect(shown.filter((file) => !files.some((path) => `/${path}`.endsWith(`/${file}`)))).toEqual([]);
  });
});

describe('examples', () => {
  const shown = PAGES.flatMap((page) => codeBlocks(readPage(page))).map(
    ({ example }) => example?.split('#')[0],
  );
  const specs = readdirSync(join(ROOT, 'test/docs'))
    .filter((name) => name.endsWith('.spec.ts'))
    .map((name) => readPage(`test/docs/${name}`))
    .join('\n');

  it.each(exampleFiles())('%s is shown in a page and run by a spec', (file) => {
    expect(shown).toContain(file);
    // a spec is run by Jest itself; a module by the spec that imports it
    if (!file.endsWith('.spec.ts')) expect(specs).toContain(`examples/${file.replace(/\.ts$/, '.js')}`);
  });

  it('are type checked: the project takes in all of test/', () => {
    const { include } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')) as {
      include: string[];
    };
    expect(include).toContain('test');
  });
});

describe('tables of options', () => {
  /** As a table writes a default. */
  function written(value: unknown): string {
    if (value === undefined || value === '') return '—';
    return typeof value === 'string' ? `\`'${value}'\`` : `\`${String(value)}\``;
  }

  function defaultsIn(page: string, heading: string): Record<string, string> {
    const rows = tableBelow(readPage(page), heading);
    return Object.fromEntries(
      rows.map(([name, fallback]) => [codeOf(name!), fallback!.replaceAll(/(?<=\d)_(?=\d)/g, '')]),
    );
  }

  function writtenAll(defaults: object): Record<string, string> {
    return Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, written(value)]));
  }

  it('of the client: exactly those that exist, in their order, with the defaults of a new client', () => {
    const table = defaultsIn('docs/connecting.md', 'Every option');
    expect(Object.keys(table)).toEqual(CLIENT_OPTION_NAMES);
    const { options } = new core.RedisClient();
    for (const [name, fallback] of Object.entries(table)) {
      if (name === 'reconnect') expect(fallback).toBe('see below');
      else if (name === 'guard') expect(fallback).toBe(`\`${inspect(options.guard)}\``);
      // what only fills others in is not among the settings in force
      else if (/^(url|username|password|credentials)$/.test(name)) expect(fallback).toBe('—');
      else expect([name, fallback]).toEqual([name, written(options[name as keyof core.ResolvedOptions])]);
    }
  });

  it('of reconnect', () => {
    const { reconnect } = new core.RedisClient().options;
    expect(defaultsIn('docs/connecting.md', 'Reconnecting')).toEqual(writtenAll(reconnect as object));
  });

  it('of the pool', () => {
    expect(defaultsIn('docs/pool.md', 'Options')).toEqual(writtenAll(splitPoolOptions({}).size));
  });

  it('of a stream consumer', () => {
    const table = defaultsIn('docs/streams.md', 'Options');
    const resolved = resolveStreamConsumer({ stream: 's', group: 'g', deadLetter: 'd' });
    const rules = { consumer: '`hostname:pid:random`', maxDeliveries: '`5` with `deadLetter`' };
    expect(resolved.maxDeliveries).toBe(5);
    const unset = { stream: undefined, group: undefined, deadLetter: undefined };
    expect(table).toEqual({ ...writtenAll({ ...resolved, ...unset }), ...rules });
  });

  it('of @OnRedisStream()', () => {
    const table = defaultsIn('docs/stream-handlers.md', 'Options');
    const given = { group: 'g', deadLetter: 'd' };
    const { consumer, ...own } = resolveStreamHandlerOptions('here', 's', given);
    const { stream, buffers, ...core } = resolveStreamConsumer(consumer);
    expect({ stream, buffers }).toEqual({ stream: 's', buffers: true });
    const rules = { consumer: '`hostname:pid:random`', maxDeliveries: '`5` with `deadLetter`' };
    expect(own.maxDeliveries).toBe(5);
    const unset = { group: undefined, deadLetter: undefined };
    expect(table).toEqual({ ...writtenAll({ ...core, ...own, ...unset, codec: 'json' }), ...rules });
  });

  it('of the module', () => {
    const { client, traces, metrics, ...module } = resolveModuleOptions('default', {});
    expect({ client, traces, metrics }).toEqual({ client: {}, traces: false, metrics: false });
    const table = defaultsIn('docs/nest.md', 'Options of the module');
    const { name, isGlobal, telemetry, ...rest } = table;
    expect({ name, isGlobal, telemetry }).toEqual({
      name: "`'default'`",
      isGlobal: '`true`',
      telemetry: '—',
    });
    expect(rest).toEqual(writtenAll(module));
  });

  it('of a health check', () => {
    expect(defaultsIn('docs/health.md', 'Health')).toEqual(
      writtenAll(resolveHealthOptions('check', {}, 'connection')),
    );
  });

  it('of @OnRedisMessage()', () => {
    const { channels, method, ...defaults } = resolveMessageHandlerOptions('here', 'a', {});
    expect({ channels, method }).toEqual({ channels: ['a'], method: 'subscribe' });
    expect(defaultsIn('docs/message-handlers.md', 'Options')).toEqual({
      pattern: '`false`',
      sharded: '`false`',
      ...writtenAll({ ...defaults, codec: 'json' }),
    });
  });
});

it('the table of errors has every error class', () => {
  const classes = Object.keys(core).filter((name) => /^Redis\w*Error$/.test(name));
  const rows = tableBelow(readPage('docs/errors.md'), 'The tree');
  expect(rows.map(([name]) => codeOf(name!)).toSorted()).toEqual(classes.toSorted());
});

describe.each([2, 3] as const)('the table of replies, over RESP%d', (protocol) => {
  let server: TestServer;
  let client: core.RedisClient;

  beforeAll(async () => {
    server = await startServer({ kind: SERVER_KINDS[0]! });
    client = new core.RedisClient({ url: server.url, protocol });
  });

  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  it('says what the server answers', async () => {
    for (const [call, reply] of tableBelow(readPage('docs/using-commands.md'), 'Replies')) {
      const shown = codeOf(reply!);
      const actual = await evaluate<Promise<unknown>>(`client.${codeOf(call!)}`, { client });
      expect([call, actual]).toEqual([call, evaluate(`(${shown})`, { expect })]);
    }
  });
});

function evaluate<T>(code: string, scope: Record<string, unknown>): T {
  // the code of our own pages
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval
  return new Function(...Object.keys(scope), `return ${code};`)(...Object.values(scope)) as T;
}
