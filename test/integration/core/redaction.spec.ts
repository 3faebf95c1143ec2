import { inspect } from 'node:util';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient, RedisPool, RedisServerError, type CommandArgument } from 'nestjs-redwire/core';
import { createCommandTracer } from '../../../lib/telemetry/command-tracer.js';
import { SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { SECRET } from './support/index.js';

/** A password with all that could confuse whoever cuts a text at quotes or spaces. */
const PASSWORD = `x' "y" ${SECRET}`;

/** Commands that carry secrets, and any other with values, right and wrong: none is shown anywhere. */
const TABLE: [name: string, words: CommandArgument[]][] = [
  ['AUTH', [PASSWORD]],
  ['AUTH', [SECRET, PASSWORD]],
  ['HELLO', [3, 'AUTH', SECRET, PASSWORD, 'SETNAME', SECRET]],
  ['HELLO', [PASSWORD]],
  ['CONFIG SET', ['requirepass', PASSWORD, 'maxmemory', 'none']],
  ['CONFIG SET', ['masterauth', PASSWORD]],
  ['CONFIG SET', ['masteruser', PASSWORD, 'masterauth']],
  ['CONFIG SET', ['tls-key-file-pass', PASSWORD, 'port', PASSWORD]],
  ['CONFIG SET', [PASSWORD, 'x']],
  ['CONFIG SET', ['maxmemory', PASSWORD]],
  ['CONFIG GET', [PASSWORD]],
  ['ACL SETUSER', ['app', 'on', `>${PASSWORD}`, '~*']],
  ['ACL SETUSER', ['app', `<${PASSWORD}`]],
  ['ACL SETUSER', ['app', `#${SECRET}`]],
  ['ACL SETUSER', ['app', PASSWORD]],
  ['ACL SETUSER', [SECRET, 'reset', `(${PASSWORD})`]],
  ['ACL DRYRUN', ['default', 'auth', PASSWORD]],
  ['ACL DRYRUN', [PASSWORD, 'get', 'x']],
  ['MIGRATE', ['127.0.0.1', 1, 'key', 0, 10, 'AUTH', PASSWORD]],
  ['MIGRATE', ['127.0.0.1', 1, '', 0, 10, 'AUTH2', SECRET, PASSWORD, 'KEYS', 'key', SECRET]],
  ['MIGRATE', [SECRET, PASSWORD, 'key', 0, 10]],
  ['EVAL', ['return #ARGV[1] + #KEYS[1]', 1, SECRET, PASSWORD]],
  ['EVAL', ['return redis.call("INCR", KEYS[1])', 1, 'key', PASSWORD]],
  ['EVAL', ['return 1', PASSWORD, SECRET]],
  ['EVALSHA', [SECRET, 0, PASSWORD]],
  ['FCALL', [SECRET, 0, PASSWORD]],
  ['SET', [SECRET, PASSWORD]],
  ['SET', [SECRET, 'v', PASSWORD]],
  ['INCR', [SECRET]],
  ['HSET', [SECRET, 'field', PASSWORD]],
  ['XADD', ['stream', PASSWORD, 'f', 'v']],
  ['XREADGROUP', ['GROUP', PASSWORD, SECRET, 'STREAMS', SECRET, '>']],
  ['PUBLISH', [SECRET, PASSWORD]],
  ['CLIENT SETNAME', [PASSWORD]],
  ['CLIENT KILL', ['USER', PASSWORD]],
  ['CLIENT KILL', ['FLAGS', PASSWORD]],
  ['CLIENT LIST', ['FLAGS', SECRET]],
  ['CLIENT LIST', ['NOT-FLAGS', SECRET]],
  ['CLIENT LIST', ['CAPA', SECRET]],
  ['CLIENT LIST', ['NOT-CAPA', SECRET]],
  ['SCRIPT KILL', [PASSWORD]],
  ['NO.SUCH', [SECRET, PASSWORD]],
];

function shown(thing: unknown): string {
  return inspect(thing, { depth: null, showHidden: true, maxStringLength: null, maxArrayLength: null });
}

function written(thing: unknown): string {
  try {
    return JSON.stringify(thing) ?? '';
  } catch (error) {
    // what goes round in circles cannot be written at all
    return String(error);
  }
}

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind, requirepass: PASSWORD });
  });

  afterAll(() => server.stop());

  describe.each([2, 3] as const)('redaction in RESP%d', (protocol) => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const tracer = createCommandTracer({ trace: provider, SpanKind, SpanStatusCode } as never);
    const connect = (): RedisClient =>
      new RedisClient({ host: '127.0.0.1', port: server.port, password: PASSWORD, protocol, retry: false });
    const visible = ({ name, attributes, status, events }: ReadableSpan): string =>
      shown({ name, attributes, status, events });

    it.each(TABLE)('%s %j: in no error, observer or span', async (name, words) => {
      await using client = connect();
      client.observe(tracer);
      const seen: unknown[] = [];
      client.observe({
        start: (info) => seen.push({ ...info, queryText: info.queryText }),
        end: (_, error) => void seen.push(error),
      });
      exporter.reset();
      await client.set(SECRET, 'text');
      const outcome = await client.call(name.split(' ')[0]!, ...name.split(' ').slice(1), ...words).then(
        () => undefined,
        (error: unknown) => error,
      );
      await client.pipeline().set(SECRET, PASSWORD).incr(SECRET).exec();
      const spans = exporter.getFinishedSpans();
      expect(spans.map((span) => span.name)).toEqual(['SET', name, 'PIPELINE']);
      expect(spans[1]!.attributes['db.query.text']).toMatch(
        new RegExp(`^${name}( \\?){${Math.min(8, words.length)}}( …)?$`),
      );
      expect(seen).toHaveLength(6);
      expect(shown(outcome)).not.toContain(SECRET);
      expect(written(outcome)).not.toContain(SECRET);
      expect(shown(seen)).not.toContain(SECRET);
      expect(spans.map(visible).join('\n')).not.toContain(SECRET);
    });

    it('nor what is wrong with a filter of vectors', async () => {
      await using client = connect();
      // where there are no vector sets, both are refused as unknown
      await client.vadd('vectors', 'VALUES', 2, 1, 0, 'east').catch(() => undefined);
      const filtered = client.vsim('vectors', 'ELE', 'east', 'FILTER', `.a == 1 %% ${SECRET}`);
      const error = await filtered.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(RedisServerError);
      expect(shown(error)).not.toContain(SECRET);
    });

    it('nor a place on earth that is none', async () => {
      await using client = connect();
      const places = [
        () => client.geoadd('geo', 181.271828, 12, 'home'),
        () => client.geosearch('geo', 'FROMLONLAT', 181.271828, 12, 'BYRADIUS', 1, 'km'),
        () => client.georadius('geo', 181.271828, 12, 1, 'km'),
      ];
      await client.geoadd('geo', 13.4, 52.5, 'office');
      for (const place of places) {
        const error = await place().catch((reason: unknown) => reason);
        expect(error).toMatchObject({ message: expect.stringContaining('invalid longitude,latitude pair') });
        expect(shown(error)).not.toContain('271828');
      }
    });

    it('a refused log-in shows no password, and neither do the commands that waited for it', async () => {
      for (const username of [undefined, SECRET]) {
        const client = new RedisClient({
          host: '127.0.0.1',
          port: server.port,
          username,
          password: `${PASSWORD} x`,
          protocol,
          reconnect: false,
        });
        const waiting = client.set(SECRET, PASSWORD).catch((error: unknown) => error);
        const refused = await client.connect().catch((error: unknown) => error);
        expect(refused).toMatchObject({ code: 'WRONGPASS' });
        expect(await waiting).toMatchObject({ code: 'WRONGPASS' });
        expect(shown([refused, await waiting, client, client.options])).not.toContain(SECRET);
        expect(written([refused, await waiting, client.options])).not.toContain(SECRET);
        client.destroy();
      }
    });
  });
});

describe('inspect and JSON', () => {
  const nowhere = { host: '127.0.0.1', port: 1, username: SECRET, password: PASSWORD, commandTimeout: 0 };

  it('show nothing of what a client, a view, a pipeline, a scan or a pool holds', async () => {
    const client = new RedisClient({ ...nowhere, tls: { passphrase: SECRET } });
    const waiting = [
      client.set(SECRET, PASSWORD),
      client.buffers.hset(SECRET, { [SECRET]: PASSWORD }),
      client.blpop(SECRET, 0),
      client.pipeline().set(SECRET, PASSWORD).exec(),
      client.subscribe(SECRET),
    ];
    const settled = Promise.allSettled(waiting);
    const pool = new RedisPool({ ...nowhere, max: 1 });
    const things = {
      client,
      options: client.options,
      buffers: client.buffers,
      view: client.with({ timeout: 100 }),
      pipeline: client.pipeline().set(SECRET, PASSWORD).call('AUTH2', SECRET),
      viewed: client.buffers.pipeline().set(SECRET, PASSWORD),
      iterator: client.scanIterator({ match: SECRET }),
      pool,
    };
    const { queued } = client;
    const shows = Object.entries(things).flatMap(([name, thing]) => [
      [name, shown(thing)],
      [name, shown({ deep: [thing] })],
      [name, written(thing)],
    ]);
    client.destroy();
    pool.destroy();
    expect(shows.filter(([, text]) => text!.includes(SECRET)).map(([name]) => name)).toEqual([]);
    await settled;
    expect(queued).toBe(4);
  });
});
