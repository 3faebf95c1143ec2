import { describe, expect, it, jest } from '@jest/globals';
import * as errors from '../../../lib/core/errors.js';

describe('errors', () => {
  it('form the documented tree, with names and codes', () => {
    const lost = new errors.RedisConnectionError('connection_lost', 'gone', {
      command: 'GET',
      cause: new Error('why'),
    });
    expect(lost).toBeInstanceOf(errors.RedisClientError);
    expect(lost).toBeInstanceOf(errors.RedisError);
    expect(lost).toBeInstanceOf(Error);
    expect(lost).not.toBeInstanceOf(errors.RedisTimeoutError);
    expect(lost).toMatchObject({
      name: 'RedisConnectionError',
      code: 'CONNECTION_LOST',
      command: 'GET',
      reason: 'connection_lost',
    });
    expect((lost.cause as Error).message).toBe('why');
    expect(new errors.RedisServerError('WRONGTYPE bad').code).toBe('WRONGTYPE');
    expect(new errors.RedisServerError('Some words').code).toBe('ERR');
    expect(new errors.RedisServerError('A'.repeat(64)).code).toHaveLength(64);
    expect(new errors.RedisServerError(`${'A'.repeat(65)} is no code`).code).toBe('ERR');
    expect(new errors.RedisServerError('ERR')).not.toBeInstanceOf(errors.RedisClientError);
    expect(new errors.RedisTimeoutError('pool', 'late')).toMatchObject({ code: 'TIMEOUT', kind: 'pool' });
  });

  it('are recognised across copies of the package', async () => {
    let copy: typeof errors | undefined;
    await jest.isolateModulesAsync(async () => {
      copy = await import('../../../lib/core/errors.js');
    });
    const theirs = new copy!.RedisServerError('WRONGTYPE bad');
    expect(copy!.RedisServerError).not.toBe(errors.RedisServerError);
    expect(theirs instanceof errors.RedisServerError).toBe(true);
    expect(theirs instanceof errors.RedisError).toBe(true);
    expect(theirs instanceof errors.RedisClientError).toBe(false);
  });

  it("a user's subclass is told by its prototype", () => {
    class MyError extends errors.RedisClientError {}
    expect(new MyError('X', 'x')).toBeInstanceOf(MyError);
    expect(new MyError('X', 'x')).toBeInstanceOf(errors.RedisError);
    expect(new errors.RedisClientError('X', 'x') instanceof MyError).toBe(false);
    expect((null as unknown) instanceof errors.RedisError).toBe(false);
  });
});
