import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { obtain } from '../../../../scripts/servers/obtain.mjs';
import { freePort } from '../../../../scripts/servers/ports.mjs';
import { eventually, type ServerKind } from '../../../support/index.js';

/** A Sentinel needs a configuration file that it may write to. */
export async function startSentinel(
  kind: ServerKind,
  folder: string,
): Promise<{ url: string } & AsyncDisposable> {
  const { path } = await obtain(kind);
  const port = await freePort();
  const home = mkdtempSync(join(folder, 'sentinel-'));
  const config = join(home, 'sentinel.conf');
  writeFileSync(config, `port ${port}\nbind 127.0.0.1\ndir ${home}\n`);
  const child = spawn(path, [config, '--sentinel'], { cwd: home, stdio: 'ignore' });
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  const url = `redis://127.0.0.1:${port}`;
  try {
    await eventually(async () => {
      await using client = new RedisClient({ url, reconnect: false });
      expect(await client.ping()).toBe('PONG');
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, [Symbol.asyncDispose]: stop };
}
