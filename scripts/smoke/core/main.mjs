// The client without Nest: nothing but the package itself is installed.
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { RedisClient } from 'nestjs-redwire/core';

await rejects(import('@nestjs/common'), { code: 'ERR_MODULE_NOT_FOUND' });

const client = new RedisClient(process.env.REDIS_URL);
const key = `smoke:${process.pid}`;
await client.hset(key, { a: 1, b: 'two' });
deepEqual({ ...(await client.hgetall(key)) }, { a: '1', b: 'two' });
equal(await client.del(key), 1);
await client.close();

process.stdout.write('the client works by itself\n');
