import type { Note } from './note.js';

/** Streams and their groups. */
export const streamNotes: Record<string, Note> = {
  XADD: {
    values: { id: '9-1', threshold: ({ has }) => (has('MINID') ? '2-1' : '2') },
    with: { LIMIT: ['~'] },
  },
  XAUTOCLAIM: { values: { 'min-idle-time': '0', consumer: 'other' } },
  XCLAIM: { values: { 'min-idle-time': '0', consumer: 'other', ms: '1000', lastid: '2-1' } },
  'XGROUP CREATE': { values: { group: 'new', entriesread: '1' } },
  'XGROUP CREATECONSUMER': { values: { consumer: 'new' } },
  'XGROUP SETID': { values: { entriesread: '1' } },
  XPENDING: { values: { 'min-idle-time': '0', start: '-', end: '+' } },
  XRANGE: { values: { start: '-', end: '+' } },
  XREAD: { values: { id: '0' }, follows: { id: 'key' } },
  XREADGROUP: { values: { id: '>' }, follows: { id: 'key' } },
  XREVRANGE: { values: { start: '-', end: '+' } },
  XSETID: {
    values: { 'last-id': '9-1', 'entries-added': '9', 'max-deleted-id': '1-0' },
    with: { ENTRIESADDED: ['MAXDELETEDID'], MAXDELETEDID: ['ENTRIESADDED'] },
  },
  XTRIM: {
    values: { threshold: ({ has }) => (has('MINID') ? '2-1' : '2') },
    with: { LIMIT: ['~'] },
  },
};
