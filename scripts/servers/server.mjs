// @ts-check
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, closeSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../lib/lock.mjs';
import { messageOf } from '../lib/report.mjs';
import { findProgram } from '../lib/run-command.mjs';
import { ask } from './ask.mjs';
import { makeCertificates } from './certificates.mjs';
import { parseVersion } from './kinds.mjs';
import { obtain, versionOf } from './obtain.mjs';
import { isReady, ping } from './ping.mjs';
import { freePort } from './ports.mjs';

/**
 * @import { ChildProcess } from 'node:child_process'
 * @import { Certificates } from './certificates.mjs'
 * @import { ServerKind } from './kinds.mjs'
 *
 * @typedef {object} TlsSettings
 * @property {'required' | 'optional' | 'no'} [clientCertificate]  what the server asks of clients; default optional
 * @property {Certificates} [certificates]                         made for this server when not given
 *
 * @typedef {object} ServerOptions
 * @property {ServerKind} [kind]        one of the servers that `obtain` knows
 * @property {string} [binary]          or any server program
 * @property {boolean | TlsSettings} [tls]  also listen with TLS, on a port of its own
 * @property {boolean} [unix]           also give the path of a unix socket
 * @property {string} [requirepass]     the default user's password
 * @property {string[]} [acl]           lines of an ACL file: `user app on >secret ~* +@all`
 * @property {boolean} [cluster]        a node of a cluster, whose bus has a free port of its own as well
 * @property {string[]} [sentinel]      a sentinel instead of a data server: the lines of its configuration
 * @property {string[]} [args]          more options for the server, as on its command line; they win over ours
 * @property {number} [port]            a fixed port instead of a free one
 * @property {number} [readyTimeout]    ms until it must answer PING; default 15,000
 *
 * @typedef {'running' | 'paused' | 'stopped'} ServerState
 */

const HOST = '127.0.0.1';
const POLL = 10;
const START_ATTEMPTS = 5;
const STOP_DEADLINE = 5_000;
const FOLDER = 'redwire-server-';

/** The servers of this process that were not stopped yet, to be ended with it. @type {Set<Server>} */
const owned = new Set();
let guarded = false;

/**
 * A real server on loopback, owned by this process: it has a temporary folder of its own, is signalled by pid and
 * ends when this process does, however that happens.
 */
export class Server {
  host = HOST;
  /** @type {ServerState} */
  state = 'stopped';
  #binary;
  #options;
  #folder;
  #port = 0;
  #tlsPort = 0;
  #busPort = 0;
  /** @type {Certificates | undefined} */
  #certificates;
  /** @type {ChildProcess | undefined} */
  #child;

  /**
   * @param {{ path: string, version: string, product: 'redis' | 'valkey', kind?: ServerKind }} binary
   * @param {ServerOptions} options
   */
  constructor(binary, options) {
    this.#binary = binary;
    this.#options = options;
    this.#folder = makeFolder();
    owned.add(this);
  }

  /**
   * Starts a server and waits until it answers PING.
   *
   * @param {ServerOptions} options
   * @returns {Promise<Server>}
   */
  static async start(options) {
    const server = new Server(await findBinary(options), options);
    try {
      await server.#prepare();
      await server.#startOnFreePort();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get port() {
    return this.#port;
  }

  get kind() {
    return this.#binary.kind;
  }

  get product() {
    return this.#binary.product;
  }

  get version() {
    return this.#binary.version;
  }

  get pid() {
    return this.#child?.pid;
  }

  /** `redis://127.0.0.1:port`, with the password where one is set. */
  get url() {
    return `redis://${this.#userinfo}${HOST}:${this.#port}`;
  }

  get tlsPort() {
    return this.#tlsPort === 0 ? undefined : this.#tlsPort;
  }

  /** Where the other nodes of its cluster reach it. */
  get busPort() {
    return this.#busPort === 0 ? undefined : this.#busPort;
  }

  /** `rediss://localhost:port`; the certificate is good for localhost, 127.0.0.1 and ::1. */
  get tlsUrl() {
    return this.#tlsPort === 0 ? undefined : `rediss://${this.#userinfo}localhost:${this.#tlsPort}`;
  }

  /** The authority that signed the server's certificate: PEM, for `tls: { ca }`. */
  get ca() {
    return this.#certificates?.ca;
  }

  /** A client's certificate that the server accepts, and its key: PEM, for `tls: { ca, cert, key }`. */
  get cert() {
    return this.#certificates?.client.certificate;
  }

  get key() {
    return this.#certificates?.client.key;
  }

  /** All of them, with the files they are in. */
  get certificates() {
    return this.#certificates;
  }

  get unixPath() {
    return this.#options.unix ? this.#socketPath : undefined;
  }

  get unixUrl() {
    return this.#options.unix ? `redis+unix://${this.#userinfo}${this.#socketPath}` : undefined;
  }

  /** What the server has logged so far. */
  get log() {
    try {
      return readFileSync(join(this.#folder, 'server.log'), 'utf8');
    } catch {
      return '';
    }
  }

  get #userinfo() {
    const password = this.#options.requirepass;
    return password === undefined ? '' : `:${encodeURIComponent(password)}@`;
  }

  get #socketPath() {
    return join(this.#folder, 'socket');
  }

  /** A sentinel keeps what it learns in its configuration: over a restart as well. */
  get #sentinelPath() {
    return join(this.#folder, 'sentinel.conf');
  }

  async #prepare() {
    const { tls, acl, sentinel } = this.#options;
    if (tls) {
      const given = tls === true ? undefined : tls.certificates;
      this.#certificates = given ?? (await makeCertificates(join(this.#folder, 'tls')));
    }
    if (acl) await writeFile(join(this.#folder, 'users.acl'), `${acl.join('\n')}\n`);
    if (sentinel) await writeFile(this.#sentinelPath, `${sentinel.join('\n')}\n`);
  }

  /** Ports are tried until the server gets the ones it was told: somebody else may have taken them first. */
  async #startOnFreePort() {
    for (let attempt = 1; ; attempt++) {
      await this.#choosePorts();
      try {
        return await this.#spawn();
      } catch (error) {
        const taken = /Address already in use/i.test(messageOf(error));
        if (!taken || this.#options.port !== undefined || attempt === START_ATTEMPTS) throw error;
      }
    }
  }

  async #choosePorts() {
    this.#port = this.#options.port ?? (await freePort());
    if (this.#options.tls) this.#tlsPort = await freePort();
    if (this.#options.cluster) this.#busPort = await freePort();
  }

  #arguments() {
    const { requirepass, acl, tls, cluster, sentinel, args = [] } = this.#options;
    const given = [
      ['--bind', HOST, '-::1'], // ::1 where there is one
      ['--port', this.#port],
      ['--unixsocket', this.#socketPath],
      ['--unixsocketperm', '700'],
      ['--dir', this.#folder],
      ['--daemonize', 'no'],
      ['--save', ''],
      ['--appendonly', 'no'],
      // Since 7.0; obtainServer takes any server, so that an older one may come along.
      ...(this.#isModern
        ? [
            ['--enable-debug-command', 'local'],
            ['--shutdown-timeout', 0],
          ]
        : []),
    ];
    if (requirepass !== undefined) given.push(['--requirepass', requirepass]);
    if (acl) given.push(['--aclfile', join(this.#folder, 'users.acl')]);
    if (tls && this.#certificates) {
      const { caPath, server } = this.#certificates;
      const asked = { required: 'yes', optional: 'optional', no: 'no' };
      given.push(
        ['--tls-port', this.#tlsPort],
        ['--tls-ca-cert-file', caPath],
        ['--tls-cert-file', server.certificatePath],
        ['--tls-key-file', server.keyPath],
        ['--tls-auth-clients', asked[(tls === true ? undefined : tls.clientCertificate) ?? 'optional']],
      );
    }
    if (cluster) given.push(['--cluster-enabled', 'yes'], ['--cluster-port', this.#busPort]);
    const mode = sentinel ? [this.#sentinelPath, '--sentinel'] : [];
    return [...mode, ...given.flat().map(String), ...args];
  }

  get #isModern() {
    return this.#binary.product === 'valkey' || Number.parseInt(this.#binary.version, 10) >= 7;
  }

  async #spawn() {
    endWithThisProcess();
    const log = openSync(join(this.#folder, 'server.log'), 'a');
    const logged = this.log.length;
    // Nothing of the child holds this process's event loop: a test that forgot to stop its server still ends.
    const [command, ...args] = [...withParent(), this.#binary.path, ...this.#arguments()];
    const child = spawn(command, args, { cwd: this.#folder, stdio: ['ignore', log, log] });
    closeSync(log);
    child.unref();
    this.#child = child;
    this.state = 'running';
    /** @type {string | undefined} */
    let ended;
    child.on('error', (error) => {
      ended = `could not be started: ${error.message}`;
      this.#ended(child);
    });
    child.once('exit', (code, signal) => {
      ended = `ended at once with ${signal ?? `exit code ${code}`}`;
      this.#ended(child);
    });

    const { readyTimeout = 15_000 } = this.#options;
    const deadline = performance.now() + readyTimeout;
    let answer = '';
    // Over the unix socket, which is nobody else's: PING on the port might be answered by whoever has it. The server
    // opens its ports before the socket, and gives up when it does not get one of them.
    while (this.#child === child && performance.now() < deadline) {
      answer = await ping({ path: this.#socketPath }).catch((error) => messageOf(error));
      if (isReady(answer) && this.#child === child) return;
      await sleep(POLL);
    }
    const what = ended ?? `did not answer PING within ${readyTimeout} ms (last: ${answer})`;
    const words = this.log.slice(logged).trim().split('\n').slice(-12).join('\n');
    await this.#end('SIGKILL');
    throw new Error(`${this.#binary.path} ${what}\n${words}`.trimEnd());
  }

  /** @param {ChildProcess} child */
  #ended(child) {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.state = 'stopped';
  }

  /** SIGKILL, and waits until it is gone: nothing is flushed, nobody is told. */
  async kill() {
    await this.#end('SIGKILL');
  }

  /** SIGSTOP: sockets stay open and nothing answers, like a machine that hangs. */
  async pause() {
    const pid = this.#pidOrThrow('pause');
    process.kill(pid, 'SIGSTOP');
    this.state = 'paused';
    // The signal takes effect a moment later: without this wait the server could still answer a command or two.
    const deadline = performance.now() + 1_000;
    while (stateLetter(pid) !== 'T' && process.platform === 'linux' && performance.now() < deadline)
      await sleep(1);
  }

  /** SIGCONT, after `pause()`. */
  async resume() {
    process.kill(this.#pidOrThrow('resume'), 'SIGCONT');
    this.state = 'running';
  }

  /**
   * One command over a connection of its own (the unix socket, whatever became of the ports), and its reply: how
   * topologies are built and watched without the client that is being tested. An error reply is thrown.
   *
   * @param {...(string | number)} words
   * @returns {Promise<any>}
   */
  ask(...words) {
    return ask({ path: this.#socketPath, password: this.#options.requirepass }, words);
  }

  /**
   * Stops it where it runs and starts it again in the same folder (what it had is gone unless `args` made it persist),
   * on the same ports unless told to move to new ones, as a pod does that comes back with another address.
   *
   * @param {{ move?: boolean }} [options]
   */
  async restart({ move = false } = {}) {
    await this.#end('SIGTERM');
    if (move) return await this.#startOnFreePort();
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#spawn();
      } catch (error) {
        // The old ports may be held for a moment by a connection that just ended.
        if (attempt === START_ATTEMPTS || !/Address already in use/i.test(messageOf(error))) throw error;
        await sleep(100);
      }
    }
  }

  /** SIGTERM, then SIGKILL where that does not end it in time; takes its folder away. May be called twice. */
  async stop() {
    await this.#end('SIGTERM');
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
    owned.delete(this);
  }

  async [Symbol.asyncDispose]() {
    await this.stop();
  }

  /** What is left to do when this process ends: no time to wait. */
  abandon() {
    const pid = this.#child?.pid;
    try {
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    } catch {
      // just ended by itself
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** @param {'SIGTERM' | 'SIGKILL'} signal */
  async #end(signal) {
    const child = this.#child;
    if (child?.pid === undefined) return;
    child.ref();
    const exited = once(child, 'exit');
    child.kill(signal);
    if (signal === 'SIGTERM') {
      // A stopped process does not see SIGTERM before it goes on.
      child.kill('SIGCONT');
      const aborter = new AbortController();
      const late = sleep(STOP_DEADLINE, 'late', { signal: aborter.signal }).catch(() => 'in time');
      if ((await Promise.race([exited, late])) === 'late') child.kill('SIGKILL');
      aborter.abort();
    }
    await exited;
  }

  /** @param {string} what */
  #pidOrThrow(what) {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`Cannot ${what} a server that does not run.`);
    return pid;
  }
}

/** @param {ServerOptions} options */
async function findBinary({ kind, binary }) {
  if (binary !== undefined) {
    const version = await versionOf(binary);
    if (version === undefined) throw new Error(`${binary} is no server program that runs here.`);
    return { path: binary, ...version };
  }
  if (kind === undefined) throw new TypeError('A server needs a kind (redis-8.0) or a binary (a path).');
  const { path, version } = await obtain(kind);
  const { product } = parseVersion(`${kind.split('-')[0]} v=${version}`) ?? { product: 'redis' };
  return { kind, path, product, version };
}

/** The letter of /proc/pid/stat, `T` for stopped. @param {number} pid */
function stateLetter(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '')[0];
  } catch {
    return undefined;
  }
}

/**
 * A folder whose name tells the owner's pid, short enough for a unix socket's path (107 bytes). What a killed process
 * left behind is taken away after an hour.
 */
function makeFolder() {
  const home = tmpdir().length > 60 ? '/tmp' : tmpdir();
  if (!guarded) sweep(home);
  return mkdtempSync(join(home, `${FOLDER}${process.pid}-`));
}

/** @param {string} home */
function sweep(home) {
  for (const name of readdirSync(home)) {
    if (!name.startsWith(FOLDER)) continue;
    const pid = Number.parseInt(name.slice(FOLDER.length), 10);
    const path = join(home, name);
    try {
      if (!isAlive(pid) && Date.now() - statSync(path).mtimeMs > 60 * 60_000)
        rmSync(path, { recursive: true });
    } catch {
      // another user's, or gone
    }
  }
}

/** @type {string[] | undefined} */
let parentGuard;

/**
 * On Linux the kernel itself ends the server when this process is gone, even by SIGKILL, and even where exit handlers
 * are not heard (inside Jest `process` is a copy).
 */
function withParent() {
  if (parentGuard === undefined) {
    const setpriv = process.platform === 'linux' ? findProgram('setpriv') : undefined;
    const works = setpriv !== undefined && spawnSync(setpriv, ['--pdeathsig', 'KILL', 'true']).status === 0;
    parentGuard = works ? [setpriv, '--pdeathsig', 'KILL'] : [];
  }
  return parentGuard;
}

/** Ends what still runs when this process exits, or is told to by a signal nobody else handles. */
function endWithThisProcess() {
  if (guarded) return;
  guarded = true;
  const abandonAll = () => {
    for (const server of owned) server.abandon();
  };
  process.on('exit', abandonAll);
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    const onSignal = () => {
      // Somebody else decides what the signal means, and may need the server to end in order.
      if (process.listenerCount(signal) > 1) return;
      abandonAll();
      process.removeListener(signal, onSignal);
      process.kill(process.pid, signal);
    };
    process.on(signal, onSignal);
  }
}
