import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import { runScript, type Ended, type ServerKind } from '../../../support/index.js';

const PROGRAM = new URL('../../../../scripts/cli/main.mjs', import.meta.url);

/** `nestjs-redwire …`. */
export function program(...args: string[]): Promise<Ended> {
  return runScript(PROGRAM, { args });
}

/** A folder for what a spec writes, gone with its end. */
export function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'redwire-program-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a module with `nestjs-redwire commands`. */
export async function writeModule(path: string, url: string, ...args: string[]): Promise<Ended> {
  const ended = await program('commands', '--url', url, '--out', path, ...args);
  expect(ended).toMatchObject({ code: 0, stdout: '' });
  return ended;
}

/** Methods as JavaScript sees them: their types are in modules that are written while the tests run. */
export type Methods = Record<string, (...args: unknown[]) => Promise<unknown>>;

export const methodsOf = (client: unknown): Methods => client as Methods;

/** `redis-7.0` is `redis70`: the modules of all servers live in one process, and in one project. */
export function prefixOf(kind: ServerKind): string {
  return kind.replaceAll(/[^a-z0-9]/g, '');
}
