import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runScript, startServer, type TestServer } from '../../support/index.js';

const MIB = 1 << 20;

/** What a process holds at one point. */
interface Point {
  /** Bytes. */
  heapUsed: number;
  /** Bytes outside the heap: receive buffers above all, 64 KiB a connection. */
  arrayBuffers: number;
  /** Open ones. */
  sockets: number;
  held: {
    listeners: number;
    onSignal: number;
    inFlight: number;
    queued: number;
    subscriptions: number;
    pool: { active: number; idle: number; waiting: number; total: number };
  };
}

/** What a process that lives for long holds: as much in the end as in the beginning. */
describe('leaks', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind: 'redis-7.0' });
  });
  afterAll(() => server.stop());

  const use = async (what: 'reconnects' | 'commands', amount: number): Promise<Point[]> => {
    const app = new URL('./support/leaks-app.mjs', import.meta.url);
    const { code, stdout, stderr } = await runScript(app, {
      args: [what, String(amount)],
      flags: ['--expose-gc'],
      env: { SERVER: server.url },
      timeout: 60_000,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { points } = JSON.parse(stdout) as { points: Point[] };
    expect(points).toHaveLength(4);
    return points;
  };
  /** Growth from the first point, when all is warm, to the last. */
  const growth = (points: Point[], of: 'heapUsed' | 'arrayBuffers'): number =>
    points.at(-1)![of] - points[0]![of];
  const expectSameHoldings = (points: Point[]): void => {
    for (const { held, sockets } of points) {
      expect(held).toEqual(points[0]!.held);
      expect(held).toMatchObject({ inFlight: 0, queued: 0, subscriptions: 1 });
      // the shared connection, the subscriber's, the pool's two, one kept for blocking commands, the observer's
      expect(sockets).toBeLessThanOrEqual(6);
    }
  };

  it('200 reconnects of a client with a subscription, a pool and blocking commands', async () => {
    const points = await use('reconnects', 200);
    expectSameHoldings(points);
    // a connection that is kept holds 64 KiB; 150 rounds of four connections lie between
    expect(growth(points, 'arrayBuffers')).toBeLessThan(2 * MIB);
    expect(growth(points, 'heapUsed')).toBeLessThan(1.5 * MIB);
  }, 70_000);

  it('a million commands, of which a quarter share one signal', async () => {
    const points = await use('commands', 1_000_000);
    expectSameHoldings(points);
    expect(points[0]!.held.onSignal).toBe(1);
    // one pointer kept for each of the 187,500 with the signal would be 1.5 MiB, and nothing keeps only a pointer
    expect(growth(points, 'heapUsed')).toBeLessThan(1.5 * MIB);
    expect(growth(points, 'arrayBuffers')).toBeLessThan(2 * MIB);
  }, 70_000);
});
