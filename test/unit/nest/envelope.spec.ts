import { describe, expect, test } from '@jest/globals';
import { encodePayload } from '../../../lib/publisher/encode-payload.js';
import { openEnvelope, sealEnvelope } from '../../../lib/publisher/envelope.js';
import { Random } from '../../support/random.js';

const event = {
  specversion: '1.0',
  id: 'a-1',
  source: '/orders',
  type: 'orders.created',
  time: '2024-05-01T12:00:00.5Z',
  datacontenttype: 'application/json',
  data: { n: 1 },
};

function open(value: unknown): ReturnType<typeof openEnvelope> {
  return openEnvelope(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
}

describe('sealEnvelope()', () => {
  test('is CloudEvents 1.0 as JSON, with the distributed tracing extension', () => {
    const before = Date.now();
    const sealed = sealEnvelope(encodePayload('orders', { n: 1 }, 'json'), 'orders', 'shop', 'a-1', {
      traceparent: '00-1',
      tracestate: 'x=y',
    });
    const { time, ...rest } = JSON.parse(sealed) as Record<string, unknown>;
    expect(rest).toEqual({
      specversion: '1.0',
      id: 'a-1',
      source: 'shop',
      type: 'orders',
      datacontenttype: 'application/json',
      traceparent: '00-1',
      tracestate: 'x=y',
      data: { n: 1 },
    });
    expect(Date.parse(time as string)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(time as string)).toBeLessThanOrEqual(Date.now());
  });

  test('takes no field of a propagator that the specification has no name for, or has already', () => {
    const sealed = sealEnvelope(encodePayload('o', 1, 'json'), 'o', 's', 'id', {
      'uber-trace-id': '1',
      data: 'forged',
      id: 'forged',
      b3: '1-2',
    });
    expect(JSON.parse(sealed)).toMatchObject({ id: 'id', data: 1, b3: '1-2' });
    expect(sealed).not.toMatch(/uber|forged/);
  });

  test.each<[string, unknown, 'json' | 'text' | 'buffer']>([
    ['json', { text: '"}\u2028ä', list: [1, null] }, 'json'],
    ['JSON null', null, 'json'],
    ['text', 'a "line"\nä', 'text'],
    ['text that is JSON', '{"a":1}', 'text'],
    ['no text', '', 'text'],
    ['bytes that are no text', Buffer.from([0, 0xff, 0xfe, 0x80]), 'buffer'],
    ['a view of bytes', new Uint8Array([9, 1, 2]).subarray(1), 'buffer'],
  ])('gives back %s byte by byte', (_, payload, codec) => {
    const plain = encodePayload('c', payload, codec);
    const opened = open(sealEnvelope(plain, 'c', 's'))!;
    expect(opened.body()).toEqual(Buffer.from(plain.body as string));
    if (codec === 'json') expect(opened.json).toEqual({ value: payload });
  });
});

describe('openEnvelope()', () => {
  test('reads what another program sealed', () => {
    expect(open(event)).toMatchObject({
      id: 'a-1',
      source: '/orders',
      time: new Date('2024-05-01T12:00:00.500Z'),
      json: { value: { n: 1 } },
    });
    expect(open({ ...event, data: undefined })!.json).toEqual({ value: null });
    expect(open({ ...event, datacontenttype: undefined, data: 'text' })!.json).toEqual({ value: 'text' });
    for (const datacontenttype of ['application/vnd.order+json', 'text/json; charset=utf-8'])
      expect(open({ ...event, datacontenttype })!.json).toEqual({ value: { n: 1 } });
    const xml = open({ ...event, datacontenttype: 'application/xml', data: '<a/>' })!;
    expect([xml.json, xml.body().toString()]).toEqual([undefined, '<a/>']);
  });

  test.each<[string, unknown]>([
    ['no JSON', 'hunter2'],
    ['nothing', ''],
    ['a list', [event]],
    ['null', null],
    ['an order of its own', { id: 'a', type: 'order', data: 1 }],
    ['another version', { ...event, specversion: '0.3' }],
    ['a version that is no text', { ...event, specversion: 1 }],
    ['no id', { ...event, id: undefined }],
    ['an id that is no text', { ...event, id: 7 }],
    ['an empty source', { ...event, source: '' }],
    ['a type that is a list', { ...event, type: ['a'] }],
    ['two bodies', { ...event, data_base64: 'AA==' }],
    ['bytes that are no text', { ...event, data: undefined, data_base64: 7 }],
    ['bytes that are no Base64', { ...event, data: undefined, data_base64: 'hunter2!' }],
    ['bytes that are cut off', { ...event, data: undefined, data_base64: 'aGVsb' }],
    ['bytes that are padded in the middle', { ...event, data: undefined, data_base64: 'aG=VsbG8' }],
    ['JSON that is deeper than any stack', `{"a":${'['.repeat(1_000_000)}`],
  ])('%s is no envelope', (_, value) => expect(open(value)).toBeUndefined());

  test.each<[string, object]>([
    ['an id of a megabyte', { id: 'x'.repeat(1_000_000) }],
    ['an id that would write a second line into the log', { id: 'a\nERROR forged' }],
    ['an id that is half a character', { id: '\ud800' }],
  ])('of %s nothing is left but the data', (_, change) => {
    const opened = open({ ...event, ...change })!;
    expect(opened.id).toBeUndefined();
    expect(opened.json).toEqual({ value: { n: 1 } });
  });

  test.each([
    7,
    'yesterday',
    '2024-05-01',
    '2024-13-01T00:00:00Z',
    '2024-05-01T12:00:00.5Z'.padEnd(1_000, '0'),
    'May 1 2024',
    null,
  ])('a time of %j is none', (time) => expect(open({ ...event, time })!.time).toBeUndefined());

  test('of fields for propagators only clean text of a sensible length is left', () => {
    const { trace } = open({
      ...event,
      traceparent: '00-1',
      tracestate: 7,
      baggage: 'x'.repeat(8_193),
      b3: 'a\r\nb',
      'uber-trace-id': 'no name of an attribute',
      subject: 'not a field',
    })!;
    expect(trace).toEqual({ traceparent: '00-1' });
  });

  test('never throws, whatever bytes come', () => {
    const random = new Random(20_240_501);
    const text = Buffer.from(JSON.stringify({ ...event, traceparent: '00-1', data_base64: undefined }));
    let opened = 0;
    for (let round = 0; round < 5_000; round++) {
      const bytes = Buffer.from(text);
      for (let times = random.below(4); times > 0; times--)
        bytes[random.below(bytes.length)] = random.below(256);
      const envelope = openEnvelope(bytes);
      if (envelope === undefined) continue;
      opened++;
      expect(Buffer.isBuffer(envelope.body())).toBe(true);
    }
    // some changes hit only the data
    expect(opened).toBeGreaterThan(100);
    expect(opened).toBeLessThan(4_900);
  });
});

describe('encodePayload()', () => {
  const secret = 'hunter2';
  const circle: Record<string, unknown> = { secret };
  circle['self'] = circle;
  const thrower = {
    toJSON: () => {
      throw new Error(secret);
    },
  };
  let deep: unknown = secret;
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];

  test.each<[string, unknown, 'json' | 'text' | 'buffer', RegExp]>([
    ['undefined', undefined, 'json', /is undefined, which JSON does not know\. Publish null/],
    ['a function', () => secret, 'json', /is a function, which JSON/],
    ['a symbol', Symbol(secret), 'json', /is a symbol, which JSON/],
    ['a bigint', { n: 1n, secret }, 'json', /it holds a bigint, itself/],
    ['a circle', circle, 'json', /it holds a bigint, itself/],
    ['a toJSON() that throws', thrower, 'json', /a toJSON\(\) that throws/],
    ['an object as text', { secret }, 'text', /codec 'text' takes a string, not an object/],
    ['a string as bytes', secret, 'buffer', /codec 'buffer' takes a Buffer, not a string/],
  ])('refuses %s, naming the channel and no value', (_, payload, codec, message) => {
    let failure: unknown;
    try {
      encodePayload('orders', payload, codec);
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(TypeError);
    expect(String(failure)).toMatch(message);
    expect(String(failure)).toContain('publish() to channel "orders"');
    expect(String(failure)).not.toContain(secret);
    expect((failure as Error).cause).toBeUndefined();
  });

  test('what is deeper than a stack is refused in the same words, where JSON itself refuses it', () => {
    let text: string | undefined;
    try {
      // newer versions of Node write it
      text = JSON.stringify(deep);
    } catch {
      text = undefined;
    }
    const encode = (): string | Buffer => encodePayload('orders', deep, 'json').body;
    if (text === undefined) expect(encode).toThrow(/^publish\(\) to channel "orders": .*or it is too deep/);
    else expect(encode()).toBe(text);
  });

  test('of a codec that returns neither text nor bytes', () => {
    expect(() => encodePayload('orders', 1, { encode: () => 7 as never })).toThrow(
      /encode\(\) of its codec must return a string or a Buffer, not a number/,
    );
  });
});
