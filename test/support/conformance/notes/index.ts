import type { CommandModel } from '../commands.js';
import { clusterNotes } from './cluster.js';
import { connectionNotes } from './connection.js';
import { dataNotes } from './data.js';
import { keyNotes } from './keys.js';
import type { Note } from './note.js';
import { scriptingNotes } from './scripting.js';
import { serverNotes } from './server.js';
import { streamNotes } from './streams.js';
import { vectorNotes } from './vectors.js';

export type { Given, Note } from './note.js';

/** All notes, by command. */
export const notes: Readonly<Record<string, Note>> = {
  ...dataNotes,
  ...keyNotes,
  ...streamNotes,
  ...scriptingNotes,
  ...connectionNotes,
  ...serverNotes,
  ...clusterNotes,
  ...vectorNotes,
};

const NONE: Note = {};

export function notesOf({ name }: CommandModel): Note {
  return notes[name] ?? NONE;
}
