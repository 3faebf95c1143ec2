import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ConnectionPlan,
  eventually,
  type Fault,
  FAULT_KINDS,
  type FaultMix,
  FaultProxy,
  randomFaults,
} from '../support/index.js';

/** A client end and a server end of one proxied connection, and what each has received. */
interface Ends {
  client: Socket;
  server: Socket;
  readonly atClient: { bytes: string; chunks: number; ended: boolean; error: string };
  readonly atServer: { bytes: string; chunks: number; ended: boolean; error: string };
}

function listenTo(socket: Socket): Ends['atClient'] {
  const seen = { bytes: '', chunks: 0, ended: false, error: '' };
  socket.on('data', (chunk) => {
    seen.bytes += chunk.toString('latin1');
    seen.chunks++;
  });
  socket.on('end', () => (seen.ended = true));
  socket.on('error', (error: NodeJS.ErrnoException) => (seen.error = error.code ?? ''));
  return seen;
}

/** A fault that does nothing would be noticed nowhere else. */
describe('the fault proxy', () => {
  let target: Server;
  let proxy: FaultProxy;
  const sockets: Socket[] = [];

  const start = async (plan: ConnectionPlan): Promise<Ends> => {
    const { port } = target.address() as AddressInfo;
    proxy = await FaultProxy.start({ target: { host: '127.0.0.1', port }, plan: () => plan });
    const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const atClient = listenTo(client);
    const [server] = (await once(target, 'connection')) as [Socket];
    const atServer = listenTo(server);
    sockets.push(client, server);
    return { client, server, atClient, atServer };
  };

  beforeEach(async () => {
    target = createServer({ allowHalfOpen: true });
    target.listen(0, '127.0.0.1');
    await once(target, 'listening');
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await proxy.stop();
    await new Promise((resolve) => target.close(resolve));
  });

  it('without a plan forwards both ways, and ends too', async () => {
    const { client, server, atClient, atServer } = await start({});
    client.end('to the server');
    await eventually(() => atServer.ended && atServer.bytes === 'to the server');
    server.end('to the client');
    await eventually(() => atClient.ended && atClient.bytes === 'to the client');
    await eventually(() => proxy.connections.size === 0);
    expect(Object.values(proxy.counts).every((count) => count === 0)).toBe(true);
  });

  it('cut: FIN to both after the byte', async () => {
    const { client, atClient, atServer } = await start({ requests: [{ kind: 'cut', after: 4 }] });
    client.write('123456');
    await eventually(() => atServer.ended && atClient.ended);
    expect([atServer.bytes, atServer.error, atClient.error]).toEqual(['1234', '', '']);
    expect(proxy.counts.cut).toBe(1);
  });

  it('reset: RST to both after the byte', async () => {
    const { server, atClient, atServer } = await start({ replies: [{ kind: 'reset', after: 4 }] });
    server.write('123456');
    // libuv reads an RST that comes together with bytes as an end
    const isOver = ({ error, ended }: Ends['atClient']): boolean => error === 'ECONNRESET' || ended;
    await eventually(() => isOver(atServer) && isOver(atClient));
    expect('1234'.startsWith(atClient.bytes)).toBe(true);
    expect(proxy.counts.reset).toBe(1);
  });

  it('reset: RST to both at once', async () => {
    const { client, atClient, atServer } = await start({});
    client.write('1234');
    await eventually(() => atServer.bytes === '1234');
    proxy.latest.reset();
    await eventually(() => atServer.error === 'ECONNRESET' && atClient.error === 'ECONNRESET');
  });

  it('truncate: one direction loses its tail and ends, the other goes on', async () => {
    const { client, server, atClient, atServer } = await start({ replies: [{ kind: 'truncate', after: 4 }] });
    server.write('123456');
    await eventually(() => atClient.ended);
    client.write('still here');
    await eventually(() => atServer.bytes === 'still here');
    expect(atClient.bytes).toBe('1234');
    expect(atServer.ended).toBe(false);
  });

  it.each(['stall', 'delay'] as const)('%s: one direction is held back and comes in order', async (kind) => {
    const fault: Fault = { kind, after: 4, ms: 60 };
    const { client, server, atClient, atServer } = await start({ requests: [fault] });
    const started = performance.now();
    client.write('123456');
    server.write('meanwhile');
    await eventually(() => atClient.bytes === 'meanwhile' && atServer.bytes === '1234');
    client.write('789');
    await eventually(() => atServer.bytes === '123456789');
    // a timer may be a millisecond early
    expect(performance.now() - started).toBeGreaterThan(58);
  });

  it('stall for good, and freeze: nobody is told, until it is healed', async () => {
    const { client, server, atClient, atServer } = await start({
      requests: [{ kind: 'freeze', after: 4, ms: Infinity }],
    });
    client.write('123456');
    await eventually(() => atServer.bytes === '1234');
    server.write('never');
    client.write('never');
    const direct = connect({ port: (target.address() as AddressInfo).port, host: '127.0.0.1' });
    sockets.push(direct);
    const [accepted] = (await once(target, 'connection')) as [Socket];
    sockets.push(accepted);
    // what went the direct way after it has come: what was frozen would have too
    accepted.write('x');
    await once(direct, 'data');
    expect([atServer.bytes, atClient.bytes, atServer.ended, atClient.ended]).toEqual([
      '1234',
      '',
      false,
      false,
    ]);
    proxy.heal();
    await eventually(() => atServer.error === 'ECONNRESET' && atClient.error === 'ECONNRESET');
  });

  it.each(['split', 'trickle'] as const)('%s: the next bytes come in fragments', async (kind) => {
    const { server, atClient } = await start({ replies: [{ kind, after: 2, length: 4, size: 1, ms: 3 }] });
    server.write('123456789');
    await eventually(() => atClient.bytes === '123456789');
    // the kernel may join some
    expect(atClient.chunks).toBeGreaterThan(1);
    expect(proxy.counts[kind]).toBe(1);
  });

  it('corrupt: one byte is another, whichever it is', async () => {
    const fault: Fault = { kind: 'corrupt', after: 4, mask: 1 };
    const { client, atServer } = await start({ requests: [fault] });
    client.write('1234');
    client.write('0678');
    await eventually(() => atServer.bytes.length === 8);
    expect(atServer.bytes).toBe('12341678');
  });

  it.each([
    ['the type', 0, '+OK\r\n', 'AOK\r\n'],
    ['the line end', 1, '+OK\r\n', '+OKX\n'],
    ['a length', 1, '$5\r\nvalue\r\n', '$x\r\nvalue\r\n'],
    ['the end of a string, not the string', 4, '$5\r\n$3\r\nx\r\n', '$5\r\n$3\r\nxX\n'],
    ['the next reply', 4, '$-1\r\n:1\r\n', '$-1\rX:1\r\n'],
  ])('garble: %s', async (_, after, replies, garbled) => {
    const { server, atClient } = await start({ replies: [{ kind: 'garble', after }] });
    for (const byte of replies) server.write(byte);
    await eventually(() => atClient.bytes.length === replies.length);
    expect(atClient.bytes).toBe(garbled);
    expect(proxy.counts.garble).toBe(1);
  });

  it('refuse: reset as soon as it stands, and the server hears nothing', async () => {
    const { port } = target.address() as AddressInfo;
    proxy = await FaultProxy.start({
      target: { host: '127.0.0.1', port },
      plan: (connection) => ({ refuse: connection < 2 }),
    });
    let reached = 0;
    target.on('connection', (socket) => {
      sockets.push(socket);
      reached++;
    });
    for (let attempt = 0; attempt < 2; attempt++) {
      const client = connect({ port: proxy.port, host: '127.0.0.1' });
      const seen = listenTo(client);
      await eventually(() => seen.error === 'ECONNRESET');
    }
    sockets.push(connect({ port: proxy.port, host: '127.0.0.1' }));
    await eventually(() => reached === 1);
    expect([proxy.counts.refuse, proxy.accepted]).toEqual([2, 3]);
  });

  it('a seed brings back its faults, another seed brings others', async () => {
    await start({});
    const mix: FaultMix = {
      weights: Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 1])),
      gap: 1_000,
      early: 0.5,
      longestStall: 100,
      forGood: 0.2,
    };
    const first = (seed: number): unknown =>
      Array.from({ length: 40 }, (_, connection) => {
        const { refuse, requests, replies } = randomFaults(seed, mix)(connection);
        return { refuse, requests: take(20, requests), replies: take(20, replies) };
      });
    expect(first(7)).toEqual(first(7));
    expect(first(7)).not.toEqual(first(8));
    const kinds = new Set(JSON.stringify(first(7)).match(/(?<="kind":")\w+/g));
    expect([...kinds, 'refuse'].toSorted()).toEqual([...FAULT_KINDS].toSorted());
  });
});

function take(count: number, faults: Iterable<Fault> = []): Fault[] {
  const taken: Fault[] = [];
  for (const fault of faults) {
    taken.push(fault);
    if (taken.length === count) break;
  }
  return taken;
}
