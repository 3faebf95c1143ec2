import 'reflect-metadata';
import { expect, jest, test } from '@jest/globals';
import { RedisDisconnectedError, RedisServerError } from 'nestjs-redwire';
import type { HandlerLog } from '../../../lib/handlers/handler-log.js';
import type { StreamHandler } from '../../../lib/streams/stream-handler.js';
import { resolveStreamHandlerOptions } from '../../../lib/streams/stream-handler-options.js';
import { StreamRunner } from '../../../lib/streams/stream-runner.js';
import { eventually } from '../../support/index.js';

/** A runner whose consumers are made by `make`, as far as it uses them. */
function runnerOf(run: (ready: () => void) => Promise<void>) {
  const stop = jest.fn(async (_options: { timeout: number; grace: number }) => undefined);
  const failure = jest.fn<HandlerLog['failure']>();
  const streamConsumer = jest.fn((_options: { consumer?: string }) => {
    let ready = (): void => undefined;
    return {
      stream: 's',
      group: 'g',
      name: 'made-up',
      stats: { handled: 2, failed: 1, claimed: 0, deadLettered: 0, dropped: 0, inFlight: 0, waiting: 0 },
      on: () => undefined,
      once: (_: 'ready', listener: () => void) => (ready = listener),
      run: () => run(() => ready()),
      stop,
    };
  });
  const handler = {
    className: 'Orders',
    methodName: 'onOrder',
    options: resolveStreamHandlerOptions('here', 's', { group: 'g' }),
    connection: { name: 'default', deaf: new Map(), injectedClient: { streamConsumer } },
  } as unknown as StreamHandler;
  const runner = new StreamRunner(handler, { failure } as unknown as HandlerLog, async () => undefined);
  return { runner, stop, failure, streamConsumer };
}

test('a start that comes to nothing in time leaves no consumer at work', async () => {
  const { runner, stop } = runnerOf(() => new Promise(() => undefined));
  // the consumer of this test never ends: what stops it is what counts
  const starting = runner.startBefore(20);
  await eventually(() => expect(stop).toHaveBeenCalledWith({ timeout: 0, grace: 0 }));
  void starting.catch(() => undefined);
});

test('a client that was closed is not tried again', async () => {
  const { runner, failure, streamConsumer } = runnerOf(() =>
    Promise.reject(new RedisDisconnectedError('CLOSED', 'closed')),
  );
  runner.startInBackground();
  await (runner as unknown as { ended: Promise<void> }).ended;
  expect(failure).toHaveBeenCalledTimes(1);
  expect(streamConsumer).toHaveBeenCalledTimes(1);
});

test('one that is refused soon after it was served waits longer each time, under its name', async () => {
  const { runner, failure, streamConsumer } = runnerOf(async (ready) => {
    ready();
    throw new RedisServerError('NOPERM no');
  });
  runner.startInBackground();
  await eventually(() => expect(failure).toHaveBeenCalledTimes(2));
  expect(failure.mock.calls.map(([, , detail]) => detail)).toEqual([
    ' Next attempt in 500 ms.',
    ' Next attempt in 1000 ms.',
  ]);
  expect(streamConsumer.mock.calls.map(([{ consumer }]) => consumer)).toEqual([undefined, 'made-up']);
  // of both
  expect(runner.stats).toMatchObject({ handled: 4, failed: 2, waiting: 0 });
  await runner.stop(0);
});

test('one that has worked for longer than the longest pause is tried again as soon as at first', async () => {
  let now = 0;
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
  try {
    const { runner, failure } = runnerOf(async (ready) => {
      ready();
      now += 30_001;
      throw new RedisServerError('NOPERM no');
    });
    runner.startInBackground();
    while (failure.mock.calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(failure.mock.calls.map(([, , detail]) => detail)).toEqual([
      ' Next attempt in 500 ms.',
      ' Next attempt in 500 ms.',
    ]);
    await runner.stop(0);
  } finally {
    clock.mockRestore();
  }
});

test('one that never works waits longer each time', async () => {
  const { runner, failure } = runnerOf(() => Promise.reject(new RedisServerError('NOPERM no')));
  runner.startInBackground();
  await eventually(() => expect(failure).toHaveBeenCalledTimes(2));
  expect(failure.mock.calls[1]![2]).toBe(' Next attempt in 1000 ms.');
  // at once, in the middle of the pause
  await runner.stop(0);
});
