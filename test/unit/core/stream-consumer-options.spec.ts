import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { RedisClient, type StreamConsumerOptions } from 'nestjs-redwire/core';
import { UNSPEAKABLE } from '../nest/support/unspeakable.js';
import { deadLetterFields } from '../../../lib/core/streams/dead-letter.js';
import { resolveStreamConsumer } from '../../../lib/core/streams/stream-consumer-options.js';

const needed = { stream: 's', group: 'g' };
const make = (options: unknown): unknown =>
  new RedisClient().streamConsumer(options as StreamConsumerOptions);

describe('options of a stream consumer', () => {
  it('have the documented defaults', () => {
    expect(resolveStreamConsumer(needed)).toEqual({
      stream: 's',
      group: 'g',
      consumer: expect.stringMatching(new RegExp(`^.+:${process.pid}:[0-9a-f]{8}$`)),
      start: '0',
      batch: 10,
      block: 5_000,
      claimIdle: 60_000,
      maxDeliveries: Infinity,
      deadLetter: undefined,
      buffers: false,
    });
    expect(resolveStreamConsumer({ ...needed, deadLetter: 'dead' }).maxDeliveries).toBe(5);
    expect(resolveStreamConsumer({ ...needed, deadLetter: false }).maxDeliveries).toBe(5);
    const own = { consumer: 'c', start: '$', batch: 1, block: 1, claimIdle: 1, maxDeliveries: 1 };
    const all = { ...needed, ...own, deadLetter: 'dead', buffers: true };
    expect(resolveStreamConsumer(all)).toEqual(all);
  });

  it('give each consumer a name of its own', () => {
    expect(resolveStreamConsumer(needed).consumer).not.toBe(resolveStreamConsumer(needed).consumer);
  });

  it.each<[string, unknown, RegExp]>([
    ['none', undefined, /give options/],
    ['null', null, /give options/],
    ['no stream', { group: 'g' }, /'stream' must be the stream's key/],
    ['no group', { stream: 's' }, /'group' must be the group's name/],
    ['an empty stream', { ...needed, stream: '' }, /'stream' must be/],
    ['a group that is no text', { ...needed, group: 7 }, /'group' must be/],
    ['an empty name', { ...needed, consumer: '' }, /'consumer' must be/],
    ['a start that is no id', { ...needed, start: 'first' }, /'start' must be '0', '\$' or/],
    ['batch 0', { ...needed, batch: 0 }, /'batch' must be a number of entries, 1 or more/],
    ['half an entry', { ...needed, batch: 1.5 }, /'batch' must be/],
    ['block 0', { ...needed, block: 0 }, /'block' must be a number of ms, 1 or more/],
    ['block Infinity', { ...needed, block: Infinity }, /'block' must be/],
    ['claimIdle as text', { ...needed, claimIdle: '1000' }, /'claimIdle' must be a number of ms/],
    ['maxDeliveries 0', { ...needed, deadLetter: 'd', maxDeliveries: 0 }, /'maxDeliveries' must be/],
    ['maxDeliveries alone', { ...needed, maxDeliveries: 3 }, /'maxDeliveries' needs 'deadLetter'/],
    ['deadLetter true', { ...needed, deadLetter: true }, /'deadLetter' must be a stream's key, or false/],
    ['its own dead letters', { ...needed, deadLetter: 's' }, /another stream/],
    ['buffers as text', { ...needed, buffers: 'yes' }, /'buffers' must be a boolean/],
    ['a mistyped name', { ...needed, maxDelivery: 3 }, /'maxDelivery': did you mean 'maxDeliveries'/],
    ['another name', { ...needed, prefetchLimit: 3 }, /Unknown Redis option 'prefetchLimit'/],
  ])('refuse %s', (_, options, message) => {
    expect(() => make(options)).toThrow(TypeError);
    expect(() => make(options)).toThrow(message);
  });

  it('of run() are checked before anything begins', async () => {
    const client = new RedisClient();
    const consumer = client.streamConsumer(needed);
    const handler = (): void => undefined;
    await expect(consumer.run(undefined as never)).rejects.toThrow(/give a function/);
    await expect(consumer.run(handler, { concurrency: 0 })).rejects.toThrow(/'concurrency' must be/);
    await expect(consumer.run(handler, { concurency: 2 } as never)).rejects.toThrow(
      /did you mean 'concurrency'/,
    );
    await expect(consumer.run(handler, null as never)).rejects.toThrow(/options must be an object/);
    await expect(consumer.stop({ timeout: -1 })).rejects.toThrow(/'timeout' must be a number of ms/);
    await expect(consumer.ack('')).rejects.toThrow(/give the entry's id/);
    await expect(consumer.ack('1-0')).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    expect(consumer.status).toBe('idle');
    expect(client.status).toBe('idle');
  });

  it('opens nothing, and shows where it stands', async () => {
    const client = new RedisClient();
    const consumer = client.streamConsumer({ ...needed, consumer: 'me' });
    expect(consumer).toMatchObject({ stream: 's', group: 'g', name: 'me', status: 'idle' });
    expect(JSON.parse(JSON.stringify(consumer))).toEqual({
      stream: 's',
      group: 'g',
      name: 'me',
      status: 'idle',
      handled: 0,
      failed: 0,
      claimed: 0,
      deadLettered: 0,
      dropped: 0,
      inFlight: 0,
      waiting: 0,
    });
    expect(inspect(consumer)).toMatch(/^StreamConsumer \{\s+stream: 's'/);
    await consumer.stop();
    await consumer.stop();
    expect(consumer.status).toBe('stopped');
    await expect(consumer.run(() => undefined)).rejects.toMatchObject({ code: 'STOPPED' });
    expect(client.status).toBe('idle');
  });
});

describe('fields of a dead letter', () => {
  const origin = resolveStreamConsumer({ ...needed, consumer: 'me' });
  const entry = { id: '1-2', deliveries: 3 };
  const facts = {
    'dead-letter:stream': 's',
    'dead-letter:group': 'g',
    'dead-letter:consumer': 'me',
    'dead-letter:id': '1-2',
    'dead-letter:deliveries': 3,
  };
  const fieldsOf = (original: Record<string, string>, error: unknown): object =>
    Object.fromEntries(deadLetterFields(original, entry, origin, { error }));

  it('are those of the entry, and where it comes from', () => {
    const error = Object.assign(new RangeError('too far'), { code: 'FAR' });
    expect(fieldsOf({ a: '1', message: 'mine' }, error)).toEqual({
      a: '1',
      message: 'mine',
      ...facts,
      'dead-letter:error': 'RangeError',
      'dead-letter:message': 'too far',
      'dead-letter:code': 'FAR',
    });
  });

  it('overwrite none of the same name, also where the entry was a dead letter before', () => {
    const before = { 'dead-letter:id': '0-1', 'dead-letter:dead-letter:id': '0-0' };
    const fields = fieldsOf(before, new Error('x'));
    expect(fields).toMatchObject({
      'dead-letter:id': '1-2',
      'dead-letter:dead-letter:id': '0-1',
      'dead-letter:dead-letter:dead-letter:id': '0-0',
    });
    expect(Object.keys(fields)).toHaveLength(9);
  });

  it.each<[string, unknown, string, string]>([
    ['text', 'boom', 'string', 'boom'],
    ['null', null, 'object', 'null'],
    ['undefined', undefined, 'undefined', 'undefined'],
    ['an object', { name: 'Mine', message: 'm' }, 'Mine', 'm'],
    ['a long message', new Error('x'.repeat(5_000)), 'Error', 'x'.repeat(2_000)],
  ])('tell of %s that was thrown', (_, thrown, error, message) => {
    expect(fieldsOf({}, thrown)).toEqual({
      ...facts,
      'dead-letter:error': error,
      'dead-letter:message': message,
    });
  });

  it.each(Object.entries(UNSPEAKABLE))('are made also of %s that was thrown', (_, make) => {
    expect(fieldsOf({ a: '1' }, make())).toMatchObject({
      a: '1',
      ...facts,
      'dead-letter:error': expect.stringMatching(/^(Error|object)$/),
      'dead-letter:message': expect.any(String),
    });
  });

  it('tell of one that no handler came to an end with', () => {
    const fields = Object.fromEntries(deadLetterFields({}, entry, origin, undefined));
    expect(fields).toMatchObject({ 'dead-letter:error': 'NeverFinished' });
  });
});
