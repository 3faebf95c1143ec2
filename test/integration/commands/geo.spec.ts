import { beforeEach, describe, expect, it } from '@jest/globals';
import { describeCommands, expectWrongType, refusal } from './support/zset-stream.js';

describeCommands('geo', (on) => {
  const CITIES = [
    { member: 'Palermo', longitude: 13.361389, latitude: 38.115556 },
    { member: 'Catania', longitude: 15.087269, latitude: 37.502669 },
    { member: 'Siracusa', longitude: 15.2866, latitude: 37.0755 },
    { member: 'Zürich', longitude: 8.5417, latitude: 47.3769 },
  ];
  /** Cells of the hash are smaller than a metre here. */
  const METRE_IN_DEGREES = 5; // decimal digits
  const SICILY = ['FROMLONLAT', 14.3, 37.5, 'BYRADIUS', 150, 'km'] as const;

  beforeEach(() => on.client.geoadd('g', CITIES));

  it('GEOADD counts new members; NX, XX and CH as with ZADD, of which it is one', async () => {
    const { client } = on;
    expect(await client.geoadd('new', 13.4, 52.5, 'Berlin', 11.6, 48.1, 'München')).toBe(2);
    expect(await client.geoadd('new', 13.41, 52.5, 'Berlin')).toBe(0);
    expect(await client.geoadd('new', 'CH', 13.42, 52.5, 'Berlin')).toBe(1);
    expect(await client.geoadd('new', 'NX', 0, 0, 'Berlin', 10, 53.5, 'Hamburg')).toBe(1);
    expect(await client.geoadd('new', 'XX', 'CH', 9.9, 53.5, 'Hamburg', 0, 0, 'none')).toBe(1);
    const [berlin, hamburg] = await client.geopos('new', 'Berlin', 'Hamburg');
    expect(berlin!.longitude).toBeCloseTo(13.42, METRE_IN_DEGREES);
    expect(hamburg!.longitude).toBeCloseTo(9.9, METRE_IN_DEGREES);
    expect(await client.zcard('new')).toBe(3);
    expect(await refusal(client.geoadd('new', 181, 0, 'x'))).toMatchObject({
      code: 'ERR',
      command: 'GEOADD',
    });
    expect(await refusal(client.geoadd('new', 0, 86, 'x'))).toMatchObject({ code: 'ERR' });
  });

  it('GEOPOS gives back what was stored, to the metre, and null for what is missing', async () => {
    const { client } = on;
    const positions = await client.geopos('g', 'Zürich', 'none', ['Palermo']);
    expect(positions[0]!.longitude).toBeCloseTo(8.5417, METRE_IN_DEGREES);
    expect(positions[0]!.latitude).toBeCloseTo(47.3769, METRE_IN_DEGREES);
    expect(positions[1]).toBeNull();
    expect(positions[2]!.latitude).toBeCloseTo(38.115556, METRE_IN_DEGREES);
    expect(await client.geopos('none', 'a', 'b')).toEqual([null, null]);
    expect(await client.geopos('g')).toEqual([]);
  });

  it('GEODIST in every unit; null where a member is missing', async () => {
    const { client } = on;
    const metres = await client.geodist('g', 'Palermo', 'Catania');
    expect(metres).toBeCloseTo(166274.15, 1);
    expect(await client.geodist('g', 'Palermo', 'Catania', 'm')).toBe(metres);
    expect(await client.geodist('g', 'Palermo', 'Catania', 'KM')).toBeCloseTo(metres! / 1_000, 3);
    expect(await client.geodist('g', 'Palermo', 'Catania', 'ft')).toBeCloseTo(metres! / 0.3048, 2);
    expect(await client.geodist('g', 'Palermo', 'Catania', 'mi')).toBeCloseTo(metres! / 1609.34, 3);
    expect(await client.geodist('g', 'Palermo', 'Palermo')).toBe(0);
    expect(await client.geodist('g', 'Palermo', 'none')).toBeNull();
    expect(await client.geodist('none', 'a', 'b')).toBeNull();
    expect(await refusal(client.geodist('g', 'Palermo', 'Catania', 'yd'))).toMatchObject({ code: 'ERR' });
  });

  it('GEOHASH gives the common text form, and null for what is missing', async () => {
    const { client } = on;
    expect(await client.geohash('g', 'Palermo', 'none', 'Catania')).toEqual([
      'sqc8b49rny0',
      null,
      'sqdtr74hyu0',
    ]);
    expect(await client.geohash('none', 'a')).toEqual([null]);
    expect(await client.geohash('g')).toEqual([]);
    expect(await client.buffers.geohash('g', 'Palermo')).toEqual(['sqc8b49rny0']);
  });

  describe('GEOSEARCH', () => {
    it('in a circle around a place or a member, by distance', async () => {
      const { client } = on;
      expect(await client.geosearch('g', ...SICILY, 'ASC')).toEqual(['Catania', 'Siracusa', 'Palermo']);
      expect(await client.geosearch('g', ...SICILY, 'DESC')).toEqual(['Palermo', 'Siracusa', 'Catania']);
      expect(
        await client.geosearch('g', 'FROMMEMBER', 'Catania', 'BYRADIUS', 60_000, 'm', 'ASC', 'WITHDIST'),
      ).toEqual([
        { member: 'Catania', distance: 0 },
        { member: 'Siracusa', distance: await client.geodist('g', 'Catania', 'Siracusa') },
      ]);
      expect(await client.geosearch('g', 'FROMMEMBER', 'Zürich', 'BYRADIUS', 1, 'mi')).toEqual(['Zürich']);
      expect(await client.geosearch('g', 'FROMLONLAT', 0, 0, 'BYRADIUS', 1, 'km')).toEqual([]);
      expect(await client.geosearch('none', ...SICILY, 'WITHDIST')).toEqual([]);
      const lost = client.geosearch('g', 'FROMMEMBER', 'none', 'BYRADIUS', 1, 'km');
      expect(await refusal(lost)).toMatchObject({ code: 'ERR', command: 'GEOSEARCH' });
    });

    it('in a box: its width lies along the parallel, its height along the meridian', async () => {
      const { client } = on;
      const wide = ['FROMLONLAT', 14.3, 37.8, 'BYBOX', 200, 80, 'km'] as const;
      expect((await client.geosearch('g', ...wide)).toSorted()).toEqual(['Catania', 'Palermo']);
      const high = ['FROMMEMBER', 'Catania', 'BYBOX', 50, 200, 'km', 'ASC'] as const;
      expect(await client.geosearch('g', ...high)).toEqual(['Catania', 'Siracusa']);
    });

    it('COUNT takes the nearest, COUNT ANY whatever it finds first', async () => {
      const { client } = on;
      expect(await client.geosearch('g', ...SICILY, 'COUNT', 1)).toEqual(['Catania']);
      expect(await client.geosearch('g', ...SICILY, 'COUNT', 2, 'DESC')).toEqual(['Palermo', 'Siracusa']);
      const any = await client.geosearch('g', ...SICILY, 'COUNT', 2, 'ANY');
      expect(new Set(any).size).toBe(2);
      expect(['Catania', 'Palermo', 'Siracusa']).toEqual(expect.arrayContaining(any));
      expect(await refusal(client.geosearch('g', ...SICILY, 'ANY'))).toMatchObject({ code: 'ERR' });
    });

    it('tells what it is asked for: coordinates, distance, hash, in any combination', async () => {
      const { client } = on;
      const nearest = [...SICILY, 'COUNT', 1] as const;
      const hash = 3479447370796909;
      const place = {
        longitude: expect.closeTo(15.087269, METRE_IN_DEGREES),
        latitude: expect.closeTo(37.502669, METRE_IN_DEGREES),
      };
      const distance = expect.closeTo(69.469, 2);
      const member = 'Catania';
      expect(await client.geosearch('g', ...nearest, 'WITHCOORD')).toEqual([{ member, ...place }]);
      expect(await client.geosearch('g', ...nearest, 'WITHDIST')).toEqual([{ member, distance }]);
      expect(await client.geosearch('g', ...nearest, 'WITHHASH')).toEqual([{ member, hash }]);
      expect(await client.geosearch('g', ...nearest, 'WITHHASH', 'WITHDIST', 'WITHCOORD')).toEqual([
        { member, distance, hash, ...place },
      ]);
      expect(await client.geosearch('g', ...nearest, 'WITHHASH', 'WITHCOORD')).toEqual([
        { member, hash, ...place },
      ]);
    });

    it('in a polygon, on Valkey', async () => {
      const { client } = on;
      const corners = [12, 37.3, 16, 37.3, 16, 39, 12, 39];
      const inside = client.geosearch('g', 'BYPOLYGON', 4, ...corners, 'ASC');
      const stored = client.geosearchstore('to', 'g', 'BYPOLYGON', 4, ...corners);
      if (on.kind === 'valkey-9.1') {
        expect((await inside).toSorted()).toEqual(['Catania', 'Palermo']);
        expect(await stored).toBe(2);
      } else {
        expect(await refusal(inside)).toMatchObject({ code: 'ERR', command: 'GEOSEARCH' });
        expect(await refusal(stored)).toMatchObject({ code: 'ERR', command: 'GEOSEARCHSTORE' });
      }
    });
  });

  it('GEOSEARCHSTORE stores positions, or with STOREDIST distances, over what was there', async () => {
    const { client } = on;
    await client.set('to', 'text before');
    expect(await client.geosearchstore('to', 'g', ...SICILY)).toBe(3);
    expect(await client.geopos('to', 'Catania')).toEqual(await client.geopos('g', 'Catania'));
    expect(await client.geosearchstore('to', 'g', ...SICILY, 'ASC', 'COUNT', 2, 'STOREDIST')).toBe(2);
    expect(await client.zrange('to', 0, -1, 'WITHSCORES')).toEqual([
      { member: 'Catania', score: expect.closeTo(69.469, 2) },
      { member: 'Siracusa', score: expect.closeTo(99.255, 2) },
    ]);
    expect(await client.geosearchstore('to', 'g', 'FROMLONLAT', 0, 0, 'BYRADIUS', 1, 'km')).toBe(0);
    expect(await client.exists('to')).toBe(0);
  });

  describe('the old commands', () => {
    it('GEORADIUS and GEORADIUS_RO search around a place', async () => {
      const { client } = on;
      const around = ['g', 14.3, 37.5, 150, 'km'] as const;
      const names = ['Catania', 'Siracusa', 'Palermo'];
      expect(await client.georadius(...around, 'ASC')).toEqual(names);
      expect(await client.georadiusRo(...around, 'ASC')).toEqual(names);
      expect(await client.georadiusRo(...around, 'COUNT', 1, 'WITHDIST')).toEqual([
        { member: 'Catania', distance: expect.closeTo(69.469, 2) },
      ]);
      expect(await client.georadius(...around, 'COUNT', 1, 'ANY')).toHaveLength(1);
      expect(await client.georadius(...around, 'WITHDIST', 'WITHCOORD', 'WITHHASH', 'ASC')).toEqual(
        await client.geosearch('g', ...SICILY, 'WITHDIST', 'WITHCOORD', 'WITHHASH', 'ASC'),
      );
      expect(await client.georadius(...around, 'STORE', 'to')).toBe(3);
      expect(await client.geopos('to', 'Palermo')).toEqual(await client.geopos('g', 'Palermo'));
      expect(await refusal(client.call('GEORADIUS_RO', ...around, 'STORE', 'to'))).toMatchObject({
        code: 'ERR',
      });
      expect(await client.georadius('none', 0, 0, 1, 'm')).toEqual([]);
    });

    it('GEORADIUSBYMEMBER and GEORADIUSBYMEMBER_RO search around a member', async () => {
      const { client } = on;
      const around = ['g', 'Catania', 60, 'KM'] as const;
      const distance = await client.geodist('g', 'Catania', 'Siracusa', 'km');
      const scored = [
        { member: 'Siracusa', distance },
        { member: 'Catania', distance: 0 },
      ];
      expect(await client.georadiusbymember(...around, 'DESC')).toEqual(['Siracusa', 'Catania']);
      expect(await client.georadiusbymemberRo(...around, 'ASC')).toEqual(['Catania', 'Siracusa']);
      expect(await client.georadiusbymember(...around, 'WITHDIST', 'DESC')).toEqual(scored);
      expect(await client.georadiusbymemberRo(...around, 'WITHDIST', 'DESC')).toEqual(scored);
      expect(await client.georadiusbymember(...around, 'STOREDIST', 'to')).toBe(2);
      expect(await client.zscore('to', 'Siracusa')).toBeCloseTo(distance!, 3);
      expect(await refusal(client.georadiusbymember('g', 'none', 1, 'm'))).toMatchObject({ code: 'ERR' });
    });
  });

  it('in bytes', async () => {
    const { buffers } = on.client;
    const bytes = Buffer.from([0xff, 0, 0x0a]);
    await buffers.geoadd('b', 1, 1, bytes);
    expect(await buffers.geodist('b', bytes, bytes)).toBe(0);
    expect(await buffers.geosearch('b', 'FROMMEMBER', bytes, 'BYRADIUS', 1, 'm')).toEqual([bytes]);
    const [found] = await buffers.geosearch(
      'b',
      'FROMLONLAT',
      1,
      1,
      'BYRADIUS',
      9,
      'm',
      'WITHDIST',
      'WITHCOORD',
    );
    expect(found!.member).toEqual(bytes);
    expect(found!.distance).toBeLessThan(1);
    expect(found!.longitude).toBeCloseTo(1, METRE_IN_DEGREES);
  });

  it('a key of another type is refused by all', async () => {
    const { client } = on;
    await client.set('text', 'x');
    await expectWrongType({
      GEOADD: client.geoadd('text', 0, 0, 'a'),
      GEODIST: client.geodist('text', 'a', 'b'),
      GEOHASH: client.geohash('text', 'a'),
      GEOPOS: client.geopos('text', 'a'),
      GEORADIUS: client.georadius('text', 0, 0, 1, 'm'),
      GEORADIUSBYMEMBER: client.georadiusbymember('text', 'a', 1, 'm'),
      GEORADIUSBYMEMBER_RO: client.georadiusbymemberRo('text', 'a', 1, 'm'),
      GEORADIUS_RO: client.georadiusRo('text', 0, 0, 1, 'm'),
      GEOSEARCH: client.geosearch('text', ...SICILY),
      GEOSEARCHSTORE: client.geosearchstore('to', 'text', ...SICILY),
    });
  });
});
