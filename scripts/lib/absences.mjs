// @ts-check
import { appendFileSync, readFileSync } from 'node:fs';
import { box } from './report.mjs';

/**
 * What a test run could not try for want of something on this machine. Nothing is skipped in silence: an absence is
 * boxed on stderr where it is found, listed again at the end of the run (through the file that `REDWIRE_ABSENCES`
 * names), and is a failure when `REDWIRE_REQUIRE` names it (`REDWIRE_REQUIRE=docker,chromium,servers`).
 *
 * @typedef {{ what: string, reason: string }} Absence
 */

/**
 * Whether `REDWIRE_REQUIRE` makes the absence of one of these a failure.
 *
 * @param {...string} names
 */
export function isRequired(...names) {
  const required = (process.env.REDWIRE_REQUIRE ?? '').split(/[\s,]+/);
  return names.some((name) => required.includes(name));
}

/**
 * Says it loudly and notes it for the end of the run.
 *
 * @param {string} what
 * @param {string} reason
 */
export function announceAbsence(what, reason) {
  process.stderr.write(`${box(`Not run: ${what}`, reason)}\n`);
  const file = process.env.REDWIRE_ABSENCES;
  if (file) appendFileSync(file, `${JSON.stringify({ what, reason })}\n`);
}

/**
 * @param {string} file
 * @returns {Absence[]} each once
 */
export function readAbsences(file) {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // nothing was absent
  }
  const lines = [...new Set(text.split('\n').filter(Boolean))];
  return lines.map((line) => JSON.parse(line));
}
