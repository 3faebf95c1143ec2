import type { Note } from './note.js';

const NUMBER: Note = { values: { key: 'number' } };
const WEIGHTED: Note = { follows: { weight: 'key' } };
const BY_WORD: Note = { values: { key: 'same-score', min: '-', max: '+' } };
const FROM: Note = {
  always: ['FROMMEMBER'],
  free: ['polygon'],
  values: { longitude: ['12', '16', '13'], latitude: ['37', '37', '40'] },
};

/** Strings, bitmaps, lists, sets, hashes, sorted sets, geo. */
export const dataNotes: Record<string, Note> = {
  DECR: NUMBER,
  DECRBY: NUMBER,
  DELIFEQ: { values: { value: 'text of a key' } },
  GETRANGE: { values: { end: '3' } },
  INCR: NUMBER,
  INCRBY: NUMBER,
  INCRBYFLOAT: { values: { key: 'number', increment: '0.5' } },
  LCS: { with: { MINMATCHLEN: ['IDX'], WITHMATCHLEN: ['IDX'] }, values: { MINMATCHLEN: '2' } },
  SET: { values: { IFEQ: 'text of a key' } },
  MSETEX: { values: { key: ['new', 'new2'] } },
  MSETNX: { values: { key: ['new', 'new2'] } },

  BITCOUNT: { with: { range: ['end-unit-block'] }, callsOn: { 'valkey-9.1': [['bitmap', '0']] } },
  BITFIELD: { values: { encoding: 'u8', value: '7' } },
  BITFIELD_RO: { values: { encoding: 'u8' } },
  BITPOS: { values: { bit: '1' } },
  SETBIT: { values: { value: '1' } },

  BLMOVE: { values: { destination: 'list2' } },
  LPOS: { values: { MAXLEN: '10' } },
  LMOVE: { values: { destination: 'list2' } },
  LINSERT: { values: { pivot: 'b' } },
  LSET: { values: { element: 'z' } },

  HINCRBYFLOAT: { values: { increment: '0.5' } },
  HSETNX: { values: { field: 'new' } },

  ZADD: { with: { GT: ['XX'] } },
  ZINCRBY: { values: { increment: '2' } },
  ZINTER: WEIGHTED,
  ZINTERSTORE: WEIGHTED,
  ZUNION: WEIGHTED,
  ZUNIONSTORE: WEIGHTED,
  ZLEXCOUNT: BY_WORD,
  ZRANGEBYLEX: BY_WORD,
  ZREMRANGEBYLEX: BY_WORD,
  ZREVRANGEBYLEX: BY_WORD,
  ZRANGE: {
    with: { LIMIT: ['BYSCORE'] },
    values: {
      start: ({ has }) => (has('BYLEX') ? '-' : '0'),
      stop: ({ has }) => (has('BYLEX') ? '+' : has('BYSCORE') ? '10' : '-1'),
    },
  },
  ZRANGESTORE: {
    with: { LIMIT: ['BYSCORE'] },
    values: {
      min: ({ has }) => (has('BYLEX') ? '-' : '0'),
      max: ({ has }) => (has('BYLEX') ? '+' : has('BYSCORE') ? '10' : '-1'),
    },
  },

  GEOADD: { values: { member: ['d', 'e'] } },
  GEOSEARCH: FROM,
  GEOSEARCHSTORE: FROM,
};
