// @ts-check
import { announceAbsence } from '../../scripts/lib/absences.mjs';
import { KIND_NAMES, obtainAll } from '../../scripts/servers/index.mjs';
import { joinLibrary } from './joined-library.mjs';

/**
 * Finds or fetches the servers, and joins the library for processes of its own, once before any test file runs; tells the workers
 * through the environment. (Plain JavaScript: Jest hands this file to Node as it is.)
 */
export default async function globalSetup() {
  await joinLibrary();
  if (process.env.REDWIRE_SERVERS) return; // scripts/test.mjs did it
  const log = (/** @type {string} */ message) => process.stderr.write(`[servers] ${message}\n`);
  const servers = await obtainAll(KIND_NAMES, { log });
  process.env.REDWIRE_SERVERS = JSON.stringify(servers);
  for (const [kind, reason] of Object.entries(servers.missing)) announceAbsence(kind, reason);
}
