import { eventually } from '../../eventually.js';
import type { World } from '../world.js';
import type { Note } from './note.js';

const SAVING = /(?:rdb_bgsave|aof_rewrite)_(?:in_progress|scheduled)/;

/** No child of the server is writing a file: there can be one at a time. */
async function untilSaved({ helper }: World): Promise<void> {
  await eventually(async () => {
    const { persistence } = await helper.info('persistence');
    return Object.entries(persistence!).every(([name, value]) => !SAVING.test(name) || value === '0');
  });
}

const LOG_NAMES: Note = {
  // the server logs everything, so that there is something to read
  before: ({ helper }) => helper.get('string'),
};
const SLOW: Note = {
  values: { event: 'command' },
  before: ({ helper }) => helper.debug('SLEEP', '0.002'),
};
const NEVER_A_REPLICA: Note = {
  after: ({ helper }) => helper.replicaof('NO', 'ONE'),
};

/** The server itself: settings, logs, memory, its own commands. */
export const serverNotes: Record<string, Note> = {
  BGREWRITEAOF: { before: untilSaved },
  BGSAVE: {
    before: async (world, label) => {
      await untilSaved(world);
      if (label !== 'CANCEL') return;
      // µs for each key
      await world.helper.configSet('rdb-key-save-delay', '100000');
      await world.helper.bgsave();
    },
    after: ({ helper }, label) =>
      label === 'CANCEL' ? helper.configSet('rdb-key-save-delay', '0') : Promise.resolve(),
  },
  'COMMAND DOCS': { values: { 'command-name': ['get', 'xadd'] } },
  'COMMAND GETKEYS': { always: ['arg'], values: { command: 'del' } },
  'COMMAND GETKEYSANDFLAGS': { always: ['arg'], values: { command: 'del' } },
  'COMMAND INFO': { values: { 'command-name': ['get', 'xadd'] } },
  'COMMAND LIST': { values: { 'module-name': 'vectorset', category: 'read', pattern: 'x*' } },
  'COMMANDLOG GET': LOG_NAMES,
  'CONFIG GET': { values: { parameter: ['maxmemory*', 'hz'] } },
  'CONFIG SET': { values: { parameter: ['maxmemory-samples', 'hz'], value: ['5', '10'] } },
  DEBUG: {
    onlyCalls: true,
    calls: [
      ['SLEEP', '0'],
      ['SET-ACTIVE-EXPIRE', '1'],
    ],
  },
  INFO: { values: { section: ['server', 'clients'] } },
  'LATENCY DOCTOR': SLOW,
  'LATENCY GRAPH': SLOW,
  'LATENCY HISTOGRAM': {
    values: { command: ['get', 'flushall'] },
    // what was called since would be in the reply, this very command too
    before: async ({ helper }) => {
      await helper.configResetstat();
      await helper.get('string');
    },
  },
  'LATENCY HISTORY': SLOW,
  'LATENCY LATEST': SLOW,
  'LATENCY RESET': SLOW,
  LOLWUT: { values: { version: '5' } },
  'MODULE LIST': { empty: { 'redis-7.0': 'it comes without modules' } },
  'MODULE LOAD': { values: { path: '/nowhere.so' } },
  'MODULE LOADEX': { values: { path: '/nowhere.so', name: 'name', value: 'value', args: ['x', 'y'] } },
  'MODULE UNLOAD': { values: { name: 'nowhere' } },
  PFDEBUG: {
    onlyCalls: true,
    calls: ['ENCODING', 'DECODE', 'GETREG', 'TODENSE'].map((subcommand) => [subcommand, 'hyperloglog']),
  },
  REPLICAOF: NEVER_A_REPLICA,
  SAVE: { before: untilSaved },
  SLAVEOF: NEVER_A_REPLICA,
  'SLOWLOG GET': LOG_NAMES,
  SWAPDB: { values: { index1: '0', index2: '1' } },
};
