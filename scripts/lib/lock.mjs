// @ts-check
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const HEARTBEAT = 2_000;
const STALE = 30_000;

/**
 * Runs `work` while no other process on this machine runs work under the same lock file. A lock whose holder is
 * gone (its process ended, or its heartbeat stopped) is taken over, so that a killed run blocks nobody.
 *
 * It spares work being done twice; it is not what keeps the result whole. Whoever writes under it still writes
 * aside and publishes with a rename.
 *
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {{ onWait?: () => void, timeout?: number }} [options] timeout in ms for getting the lock
 * @returns {Promise<T>}
 */
export async function withLock(path, work, { onWait, timeout = 15 * 60_000 } = {}) {
  mkdirSync(dirname(path), { recursive: true });
  const token = randomUUID();
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), token });
  const deadline = Date.now() + timeout;
  let told = false;
  while (!take(path, mine)) {
    if (isAbandoned(path)) {
      moveAway(path);
      continue;
    }
    if (Date.now() > deadline)
      throw new Error(`Another run has held ${path} for too long. Is it stuck? Remove the file.`);
    if (!told) onWait?.();
    told = true;
    await sleep(100);
  }
  const heartbeat = setInterval(() => {
    try {
      utimesSync(path, new Date(), new Date());
    } catch {
      // taken away under us: the work itself is safe without the lock
    }
  }, HEARTBEAT);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if (holder(path)?.token === token) rmSync(path, { force: true });
  }
}

/**
 * @param {string} path
 * @param {string} content
 */
function take(path, content) {
  try {
    writeFileSync(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * @param {string} path
 * @returns {{ pid: number, host: string, token: string } | undefined}
 */
function holder(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined; // gone, or just being written
  }
}

/** @param {string} path */
function isAbandoned(path) {
  let age;
  try {
    age = Date.now() - statSync(path).mtimeMs;
  } catch {
    return false; // released meanwhile
  }
  if (age > STALE) return true;
  const held = holder(path);
  return held !== undefined && held.host === hostname() && !isAlive(held.pid);
}

/**
 * Whether a process with this id runs, whoever owns it.
 *
 * @param {number} pid
 */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/** A rename, so that of several waiters just one takes the old lock away. @param {string} path */
function moveAway(path) {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    rmSync(aside, { force: true });
  } catch {
    // another waiter was faster
  }
}
