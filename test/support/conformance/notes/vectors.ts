import type { Note } from './note.js';

const VECTOR = ['VALUES', '2', '0.5', '1'];

/** Vector sets: their grammar is written by hand and leaves most of the arguments open. */
export const vectorNotes: Record<string, Note> = {
  VADD: {
    onlyCalls: true,
    calls: [
      ['module', ...VECTOR, 'd'],
      ['new', 'REDUCE', '1', ...VECTOR, 'd'],
      ['module', ...VECTOR, 'd', 'CAS'],
      ['module', ...VECTOR, 'd', 'Q8'],
      ['new', ...VECTOR, 'd', 'NOQUANT'],
      ['new', ...VECTOR, 'd', 'BIN'],
      ['module', ...VECTOR, 'd', 'EF', '100'],
      ['module', ...VECTOR, 'd', 'SETATTR', '{"n":3}'],
      ['new', ...VECTOR, 'd', 'M', '8'],
    ],
  },
  VEMB: {},
  VSETATTR: { values: { json: '{"n":9}' } },
  VSIM: {
    onlyCalls: true,
    calls: [
      ['module', ...VECTOR],
      ['module', 'ELE', 'a'],
      ['module', 'ELE', 'a', 'WITHSCORES'],
      ['module', 'ELE', 'a', 'COUNT', '2'],
      ['module', 'ELE', 'a', 'EF', '100'],
      ['module', 'ELE', 'a', 'FILTER', '.n > 1', 'FILTER-EF', '10'],
      ['module', 'ELE', 'a', 'TRUTH'],
      ['module', 'ELE', 'a', 'NOTHREAD'],
    ],
  },
};
