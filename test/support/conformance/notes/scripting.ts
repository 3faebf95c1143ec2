import { eventually } from '../../eventually.js';
import { LIBRARY, SCRIPT } from '../seeds.js';
import type { World } from '../world.js';
import type { Note } from './note.js';

const CACHED: Note = { before: ({ helper }) => helper.scriptLoad(SCRIPT) };
const ENDLESS = `#!lua name=endless
redis.register_function('endless', function() while true do end end)`;

/** What keeps the server busy; settles when it is ended. One at a time: a second one would outlive the first one's end. */
let endless: Promise<unknown> = Promise.resolve();

/** Waits until the server says that this script keeps it busy. */
async function untilBusy({ helper }: World, script: Promise<unknown>): Promise<void> {
  endless = script.catch(() => undefined);
  await eventually(() =>
    helper
      .with({ retry: false })
      .ping()
      .then(
        () => false,
        (error: Error) => error.message.startsWith('BUSY'),
      ),
  );
}

/** Scripts and functions. */
export const scriptingNotes: Record<string, Note> = {
  EVALSHA: CACHED,
  EVALSHA_RO: CACHED,
  'FUNCTION DELETE': { values: { 'library-name': 'library' } },
  'FUNCTION KILL': {
    before: async (world) => {
      await world.helper.functionLoad('REPLACE', ENDLESS);
      await untilBusy(world, world.bystander.fcall('endless', 0));
    },
    after: async ({ helper }) => {
      await endless;
      await helper.functionDelete('endless');
    },
  },
  'FUNCTION LIST': { values: { 'library-name-pattern': 'lib*' } },
  'FUNCTION LOAD': {
    values: {
      'function-code': ({ has }) => (has('REPLACE') ? LIBRARY : LIBRARY.replaceAll(/library|echo/g, '$&_2')),
    },
  },
  'FUNCTION RESTORE': {
    values: { 'serialized-value': (_, facts) => facts.functionDump },
    before: ({ helper }) => helper.functionFlush(),
  },
  'SCRIPT EXISTS': CACHED,
  'SCRIPT KILL': {
    before: (world) => untilBusy(world, world.bystander.eval('while true do end', 0)),
    after: () => endless,
  },
  'SCRIPT SHOW': CACHED,
};
