import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ControlConnection } from './control-connection.mjs';

const HOST = '127.0.0.1';
const BINARIES = ['redis-server', 'valkey-server'];
const READY_TRIES = 100;

/** The server of `REDIS_URL`, or one of our own on a free loopback port that `stop()` ends. */
export async function startServer(url = process.env.REDIS_URL) {
  if (url) return { address: addressOf(url), stop: async () => {} };
  for (const binary of BINARIES) {
    const server = await tryStart(binary);
    if (server) return server;
  }
  throw new Error(`Neither of ${BINARIES.join(', ')} could be started. Install one or set REDIS_URL.`);
}

function addressOf(text) {
  const url = new URL(text);
  if (url.protocol !== 'redis:' || url.username || url.password || url.pathname.length > 1) {
    throw new Error(
      'The benchmarks take a REDIS_URL of the form redis://host:port: no TLS, login or database.',
    );
  }
  return { host: url.hostname, port: Number(url.port || 6379) };
}

async function tryStart(binary) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'redis-bench-'));
  const child = spawn(
    binary,
    ['--port', port, '--bind', HOST, '--save', '', '--appendonly', 'no', '--dir', folder].map(String),
    { stdio: 'ignore' },
  );
  const ended = new AbortController();
  child.once('error', () => ended.abort()).once('exit', () => ended.abort());
  const stop = async () => {
    child.kill();
    if (!ended.signal.aborted) await once(ended.signal, 'abort');
    rmSync(folder, { recursive: true, force: true });
  };

  const address = { host: HOST, port };
  for (let attempt = 0; attempt < READY_TRIES && !ended.signal.aborted; attempt++) {
    if (await answers(address)) return { address, stop };
    await sleep(50);
  }
  await stop();
  return null;
}

async function answers(address) {
  try {
    const connection = await ControlConnection.open(address);
    await connection.send('PING');
    connection.close();
    return true;
  } catch {
    return false;
  }
}

async function freePort() {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
