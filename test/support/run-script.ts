import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const HOOKS = new URL('./with-library.mjs', import.meta.url).href;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** How a process ended, and what it said. */
export interface Ended {
  /** The exit code; null where a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs a process of its own, in which `nestjs-redwire` and `nestjs-redwire/core` are this library's sources.
 *
 * @param script the text of a module, or the URL of one.
 * @param options.args for the script.
 * @param options.flags for Node: `--expose-gc`.
 * @param options.env further environment variables.
 * @param options.timeout ms, after which it is killed and `code` is null: for those that ought to end by themselves.
 */
export function runScript(
  script: string | URL,
  {
    args = [],
    flags = [],
    env = {},
    timeout = 25_000,
  }: { args?: string[]; flags?: string[]; env?: Record<string, string>; timeout?: number } = {},
): Promise<Ended> {
  const program = script instanceof URL ? [fileURLToPath(script)] : ['--input-type=module', '-e', script];
  // newer versions of Node warn of module.register(), by which the sources are loaded: its successor is not in Node 20
  const hooks = ['--disable-warning=DEP0205', '--import', HOOKS];
  const child = spawn(process.execPath, [...hooks, ...flags, ...program, ...args], {
    cwd: ROOT,
    // ours are Jest's
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    timeout,
    killSignal: 'SIGKILL',
  });
  const ended: Ended = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => (ended.stdout += String(text)));
  child.stderr.on('data', (text: Buffer) => (ended.stderr += String(text)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ ...ended, code }));
  });
}
