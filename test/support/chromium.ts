import { existsSync } from 'node:fs';
import { messageOf } from '../../scripts/lib/report.mjs';
import { findProgram, runCommand } from '../../scripts/lib/run-command.mjs';
import type { Found } from './absences.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const MAC = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * A Chromium that runs, for playwright-core's `executablePath`: `REDWIRE_CHROMIUM` or `CHROME_PATH`, one on the PATH, or
 * the one that Playwright downloaded.
 */
export async function findChromium(): Promise<Found<{ path: string; version: string }>> {
  const named = process.env.REDWIRE_CHROMIUM || process.env.CHROME_PATH;
  const { chromium } = await import('playwright-core');
  const paths = named
    ? [named]
    : [...NAMES.map((name) => findProgram(name)), ...MAC, chromium.executablePath()];
  const tried: string[] = [];
  for (const path of paths) {
    if (!path || !existsSync(path)) continue;
    try {
      const version = (await runCommand(path, ['--version'], { timeout: 20_000 })).trim();
      return { available: true, path, version };
    } catch (error) {
      tried.push(messageOf(error));
    }
  }
  const where = named ? `${named} does not run` : 'No Chromium on the PATH';
  const help = 'Install it (apt-get install chromium), or name it with REDWIRE_CHROMIUM.';
  return { available: false, reason: [`${where}. ${help}`, ...tried].join('\n') };
}
