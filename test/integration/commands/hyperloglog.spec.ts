import { expect, it } from '@jest/globals';
import { describeGroup, expectRefused, expectWrongType } from './support/index.js';

/** The standard error of an estimate is 0.81 %; this is more than six of them. */
const MARGIN = 0.05;

const names = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `名前:${from + index}`);

describeGroup('hyperloglog', (given) => {
  it('PFADD tells whether the estimate changed; PFCOUNT counts each element once', async () => {
    const { client } = given;
    expect(await client.pfcount('none')).toBe(0);
    // without elements it makes an empty one
    expect(await client.pfadd('empty')).toBe(1);
    expect(await client.pfadd('empty')).toBe(0);
    expect(await client.pfcount('empty')).toBe(0);
    expect(await client.pfadd('k', 'a', 'é', ['漢', 'a'])).toBe(1);
    expect(await client.pfadd('k', 'é', 'a')).toBe(0);
    expect(await client.pfcount('k')).toBe(3);
    expect(await client.pfadd('k', Buffer.from([0xff]), Buffer.from([0xfe]))).toBe(1);
    expect(await client.pfcount('k')).toBe(5);
  });

  it('many elements are estimated, in a key that stays small', async () => {
    const { client } = given;
    await client.pfadd('k', names(20_000));
    const estimate = await client.pfcount('k');
    expect(Math.abs(estimate - 20_000)).toBeLessThan(20_000 * MARGIN);
    await client.pfadd('k', names(20_000));
    expect(await client.pfcount('k')).toBe(estimate);
    // 16384 registers of 6 bits, and a header
    expect(await client.strlen('k')).toBe(16_384 * 0.75 + 16);
  });

  it('PFCOUNT of several and PFMERGE: the union, in which what is in both counts once', async () => {
    const { client } = given;
    await client.pfadd('a', names(3));
    await client.pfadd('b', names(3, 2));
    expect(await client.pfcount('a', 'b')).toBe(5);
    expect(await client.pfcount(['a', 'none', 'b'])).toBe(5);
    expect(await client.pfmerge('c', 'a', 'b')).toBe('OK');
    expect(await client.pfcount('c')).toBe(5);
    // the destination's own elements stay
    await client.pfadd('d', 'other');
    expect(await client.pfmerge('d', ['a', 'none'])).toBe('OK');
    expect(await client.pfcount('d')).toBe(4);
    expect(await client.pfmerge('new')).toBe('OK');
    expect(await client.exists('new')).toBe(1);
    expect(await client.pfcount('a')).toBe(3);
  });

  it('its bytes are a text: written elsewhere they count the same', async () => {
    const { client } = given;
    await client.pfadd('k', names(100));
    const bytes = (await client.buffers.get('k'))!;
    expect(bytes.subarray(0, 4).toString()).toBe('HYLL');
    await client.set('copy', bytes);
    expect(await client.pfcount('copy')).toBe(await client.pfcount('k'));
  });

  it('PFDEBUG shows and changes the encoding; PFSELFTEST passes', async () => {
    const { client } = given;
    await client.pfadd('k', 'a', 'b');
    expect(await client.pfdebug('ENCODING', 'k')).toBe('sparse');
    expect(await client.pfdebug('TODENSE', 'k')).toBe(1);
    expect(await client.pfdebug('TODENSE', 'k')).toBe(0);
    expect(await client.pfdebug('ENCODING', 'k')).toBe('dense');
    expect(await client.pfcount('k')).toBe(2);
    const registers = (await client.pfdebug('GETREG', 'k')) as number[];
    expect(registers).toHaveLength(16_384);
    expect(registers.filter((register) => register > 0)).toHaveLength(2);
    // half a second of the server's whole attention, on a machine that is idle
    expect(await client.with({ timeout: 25_000 }).pfselftest()).toBe('OK');
  });

  it('a key of another type is refused, and so is text that is no HyperLogLog', async () => {
    const { client } = given;
    await client.rpush('list', 'x');
    await client.pfadd('k', 'a');
    await expectWrongType(
      client.pfadd('list', 'a'),
      client.pfcount('list'),
      client.pfcount('k', 'list'),
      client.pfmerge('list', 'k'),
      client.pfmerge('k', 'list'),
    );
    await client.set('text', 'HYLL');
    const says = /^WRONGTYPE Key is not a valid HyperLogLog string value/;
    await expectRefused(client.pfadd('text', 'a'), 'WRONGTYPE', says);
    await expectRefused(client.pfcount('text'), 'WRONGTYPE', says);
    await expectRefused(client.pfmerge('k', 'text'), 'WRONGTYPE', says);
    expect(await client.pfcount('k')).toBe(1);
  });
});
