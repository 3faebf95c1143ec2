// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../lib/paths.mjs';
import { messageOf } from '../lib/report.mjs';

/** @import { ChildProcess } from 'node:child_process' */

const START_DEADLINE = 60_000;
const STOP_DEADLINE = 10_000;
const LAST_WORDS = 15;

// relative to the root: --import takes an absolute path of Windows for a URL
const BUILT = ['--import', './sample/dist/tracing/instrument.js', 'sample/dist/main.js'];

/** The sample, as a process of its own. */
export class App {
  /** Where it listens; no slash at the end. */
  url = '';
  /** Settles when the process has ended, with how it did. @type {Promise<string>} */
  ended;
  #child;
  /** @type {string[]} */
  #lastWords = [];
  #running = true;

  /** @param {ChildProcess} child */
  constructor(child) {
    this.#child = child;
    this.ended = once(child, 'close')
      .then(([code, signal]) => signal ?? `exit code ${code}`, messageOf)
      .finally(() => (this.#running = false));
  }

  /**
   * Starts it and waits until it listens.
   *
   * @param {NodeJS.ProcessEnv} environment beside this process's own
   * @param {AbortSignal} signal
   * @param {string[]} program what Node is given; default: the built one, with its traces switched on
   * @returns {Promise<App>}
   */
  static async start(environment, signal, program = BUILT) {
    const env = { ...process.env, NO_COLOR: '1', ...environment };
    const child = spawn(process.execPath, program, {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const app = new App(child);
    try {
      app.url = await app.#listens(signal);
      return app;
    } catch (error) {
      await app.stop().catch(() => {});
      throw error;
    }
  }

  /** What it wrote last, for when something went wrong. */
  get lastWords() {
    return this.#lastWords.join('\n');
  }

  /**
   * Reads what it writes, for as long as it runs, and waits for its address.
   *
   * @param {AbortSignal} signal
   * @returns {Promise<string>}
   */
  async #listens(signal) {
    const address = new Promise((resolve) => {
      const read = (/** @type {string} */ line) => {
        this.#lastWords.push(line);
        if (this.#lastWords.length > LAST_WORDS) this.#lastWords.shift();
        const found = /board is open at (http\S+?)\/?$/.exec(line);
        if (found) resolve(found[1]);
      };
      for (const stream of [this.#child.stdout, this.#child.stderr]) {
        if (stream) createInterface({ input: stream }).on('line', read);
      }
    });
    const fail = (/** @type {string} */ what) => {
      throw new Error(`The sample ${what}. Its last words:\n${this.lastWords}`);
    };
    const settled = new AbortController();
    const stop = AbortSignal.any([signal, settled.signal]);
    try {
      return await Promise.race([
        address,
        this.ended.then((how) => fail(`ended with ${how} before it listened`)),
        sleep(START_DEADLINE, undefined, { signal: stop }).then(() => fail('does not listen')),
      ]);
    } finally {
      settled.abort();
    }
  }

  /**
   * SIGTERM (Ctrl-C may have been faster), and waits until everything in it is closed. It is an error when that does not
   * end it in time.
   */
  async stop() {
    if (!this.#running) return;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#child.kill('SIGKILL');
    }, STOP_DEADLINE);
    this.#child.kill('SIGTERM');
    const how = await this.ended;
    clearTimeout(timer);
    if (late) throw new Error(`The sample did not close within ${STOP_DEADLINE} ms.\n${this.lastWords}`);
    if (!['SIGTERM', 'SIGINT', 'exit code 0'].includes(how)) {
      throw new Error(`The sample ended with ${how} when it was told to close.\n${this.lastWords}`);
    }
  }
}
