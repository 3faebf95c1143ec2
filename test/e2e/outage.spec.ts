import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually, ONE_KIND, SERVER_KINDS, startServer, type TestServer } from '../support/index.js';
import { Board, croissants } from './support/index.js';

interface Health {
  status: string;
  details: { redis: { status: string; message?: string } };
}

/** The indicator's own timeout is a second. */
const HEALTH_ANSWERS_WITHIN = 1_500;

// the application's part; the client's own is shown on all servers, in test/integration/core
describe.each(ONE_KIND)('the order board, when %s', (kind) => {
  let server: TestServer;
  let board: Board;

  beforeEach(async () => {
    server = await startServer({ kind });
    board = await Board.open(server.url);
  });

  afterEach(async () => {
    await Board.closeAll();
    await server?.stop();
  });

  async function healthInTime(): Promise<{ status: number; body: Health }> {
    const start = performance.now();
    const answer = await board.get<Health>('/health');
    expect(performance.now() - start).toBeLessThan(HEALTH_ANSWERS_WITHIN);
    return answer;
  }

  async function expectDown(): Promise<void> {
    const { status, body } = await healthInTime();
    expect({ status, body }).toMatchObject({
      status: 503,
      body: { status: 'error', details: { redis: { status: 'down' } } },
    });
  }

  test('is killed, says so, and works on by itself when it is back', async () => {
    const stream = await board.listen();
    await board.place({ customer: 'before' });
    await eventually(() => expect(stream.ofType('order')).toMatchObject([{ customer: 'before' }]));
    expect((await healthInTime()).status).toBe(200);

    await server.kill();
    await expectDown();
    const start = performance.now();
    const refused = await board.post<{ message: string }>(croissants(1));
    expect(performance.now() - start).toBeLessThan(4_000);
    expect(refused).toMatchObject({
      status: 503,
      body: { message: expect.stringContaining('cannot reach') },
    });
    expect(refused.headers.get('retry-after')).toBe('1');
    await expectDown();

    await server.restart();
    await eventually(async () => expect((await healthInTime()).status).toBe(200), { timeout: 15_000 });
    // The handlers' subscription is back too, on a connection of its own, and the page's stream never broke.
    await eventually(
      async () => {
        const { id } = await board.place({ customer: 'after' });
        await eventually(
          () =>
            expect(stream.ofType('order')).toContainEqual(expect.objectContaining({ id, customer: 'after' })),
          { timeout: 500 },
        );
      },
      { timeout: 15_000 },
    );
    const { orders } = await board.tally();
    expect(orders).toBe(stream.ofType('order').length);
    stream.close();
  });

  test('hangs, says so in time, and works on when it answers again', async () => {
    await board.place();
    await server.pause();
    await expectDown();
    const { status } = await board.post(croissants(1));
    expect(status).toBe(503);
    await server.resume();
    await eventually(async () => expect((await healthInTime()).status).toBe(200), { timeout: 15_000 });
    const { orders } = await board.tally();
    await board.place();
    await eventually(async () => expect((await board.tally()).orders).toBeGreaterThan(orders));
  });

  test('is gone, still closes in time', async () => {
    const stream = await board.listen();
    await server.kill();
    const start = performance.now();
    await board.close();
    await stream.ended;
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});

test('does not open where Redis refuses it, and says why', async () => {
  const server = await startServer({ kind: SERVER_KINDS[0]!, requirepass: 'secret' });
  try {
    const url = `redis://127.0.0.1:${server.port}`;
    await expect(Board.open(url)).rejects.toThrow(/password/i);
    await expect(Board.open(url.replace('//', '//:wrong@'))).rejects.toThrow(/password/i);
  } finally {
    await server.stop();
  }
});
