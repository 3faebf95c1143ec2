// @ts-check
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program that could not be started, failed, or did not end in time; the message carries its last words. */
export class CommandError extends Error {
  /** @override */
  name = 'CommandError';

  /**
   * @param {string} message
   * @param {number | null} exitCode
   * @param {string} stderr
   */
  constructor(message, exitCode, stderr) {
    super(message);
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

/**
 * Runs a program to its end and gives what it wrote to stdout.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeout?: number, signal?: AbortSignal }} [options] timeout in ms;
 *   the signal ends the program
 * @returns {Promise<string>}
 */
export function runCommand(command, args, { cwd, env, timeout = 60_000, signal } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, signal, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeout);
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new CommandError(`${command} could not be started: ${error.message}`, null, stderr));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(stdout);
      const how = late ? `did not end within ${timeout} ms` : `ended with ${signal ?? `exit code ${code}`}`;
      const words = (stderr.trim() || stdout.trim()).split('\n').slice(-12).join('\n');
      reject(new CommandError(`${command} ${args[0] ?? ''} ${how}\n${words}`.trimEnd(), code, stderr));
    });
  });
}

/**
 * Where a program is on the PATH.
 *
 * @param {string} name
 * @returns {string | undefined}
 */
export function findProgram(name) {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    if (directory === '') continue;
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // not here
    }
  }
  return undefined;
}
