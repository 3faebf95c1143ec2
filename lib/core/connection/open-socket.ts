import type { Socket } from 'node:net';
import type { ResolvedOptions } from '../resolve-options.js';

/** Where a connection goes. The router decides: the options' own address, or what a Sentinel or a Cluster says. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** A Unix socket, instead of the two. */
  readonly path: string | undefined;
}

/** `host:port`, `[::1]:6379`, or the socket's path. */
export function formatAddress({ host, port, path }: Address): string {
  return path ?? (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
}

/** What a socket reports. */
export interface SocketHandlers {
  /** TCP, and TLS where asked for, stand. */
  onConnect(): void;
  /** `chunk[0..length)` arrived; the memory is used again after the call. */
  onData(chunk: Buffer, length: number): void;
  onDrain(): void;
  /** The server ended the stream in good order. */
  onEnd(): void;
  onError(error: Error): void;
  onClose(): void;
}

/** Opens a socket; everything that happens to it goes to `handlers`. */
export function openSocket(address: Address, options: ResolvedOptions, handlers: SocketHandlers): Socket {
  const target =
    address.path === undefined ? { host: address.host, port: address.port } : { path: address.path };
  const probeAfter = keepAliveDelay(options.keepAlive);
  const tuning = {
    noDelay: options.noDelay,
    keepAlive: probeAfter !== 0,
    keepAliveInitialDelay: probeAfter,
  };
  let socket: Socket;
  if (options.tls === undefined) {
    // both modules are loaded where they are used: half of what importing this package would take else
    socket = process.getBuiltinModule('node:net').connect({
      ...target,
      ...tuning,
      // one receive buffer for the socket's life instead of a fresh one for every chunk
      onread: {
        buffer: Buffer.allocUnsafeSlow(options.readBufferSize),
        callback: (length, buffer) => {
          handlers.onData(buffer as Buffer, length);
          return true;
        },
      },
    });
    socket.once('connect', () => handlers.onConnect());
  } else {
    // the certificate is checked against the host asked for; an address has no server name to send
    const servername = options.tls.servername ?? (/^[\d.]+$|:/.test(address.host) ? undefined : address.host);
    const tls = process.getBuiltinModule('node:tls');
    socket = tls.connect({ ...target, ...options.tls, ...(servername === undefined ? {} : { servername }) });
    socket.setNoDelay(tuning.noDelay);
    socket.setKeepAlive(tuning.keepAlive, tuning.keepAliveInitialDelay);
    socket.once('secureConnect', () => handlers.onConnect());
    socket.on('data', (chunk: Buffer) => handlers.onData(chunk, chunk.length));
  }
  socket.on('drain', () => handlers.onDrain());
  socket.once('end', () => handlers.onEnd());
  // on, not once: a second error without a listener would end the process
  socket.on('error', (error) => handlers.onError(error));
  socket.once('close', () => handlers.onClose());
  return socket;
}

/** Linux takes no longer time before the first keep-alive probe, ms. */
const LONGEST_KEEP_ALIVE = 32_767_000;

/**
 * The idle time before the first probe as the system takes it: in whole seconds. Node cuts off what is over a second, and
 * the system refuses 0, as it does what is too long: probes then begin after its own time, two hours as a rule.
 *
 * @returns ms; 0 for no probes.
 */
function keepAliveDelay(keepAlive: number | false): number {
  if (keepAlive === false || keepAlive === Infinity) return 0;
  return Math.min(Math.ceil(keepAlive / 1_000) * 1_000, LONGEST_KEEP_ALIVE);
}
