import type { MonitoredCommand, RedisClient } from 'nestjs-redwire/core';

export async function watch(client: RedisClient, print: (line: string) => void) {
  // #region watch
  const monitor = await client.monitor();
  for await (const { time, database, source, command, args } of monitor) {
    print(`${new Date(time).toISOString()} ${source} [${database}] ${command} ${args.join(' ')}`);
    if (command === 'FLUSHALL') break; // leaving the loop ends it
  }
  // #endregion
  return monitor;
}

export async function options(client: RedisClient, signal: AbortSignal) {
  // #region options
  const monitor = await client.monitor({
    buffers: true, // arguments as Buffers
    bufferSize: 1_000, // commands that wait while the reader is busy
    overflow: 'drop-newest',
    signal, // ends it with a RedisAbortError
  });
  // #endregion
  return monitor;
}

export async function count(client: RedisClient, work: () => Promise<void>) {
  // #region count
  const calls = new Map<string, number>();
  {
    await using monitor = await client.monitor();
    monitor.on('command', ({ command }: MonitoredCommand) => {
      const name = command.toUpperCase();
      calls.set(name, (calls.get(name) ?? 0) + 1);
    });
    monitor.on('resumed', ({ gap }) => console.warn(`${gap} ms were not seen.`));
    await work();
  }
  // #endregion
  return calls;
}
