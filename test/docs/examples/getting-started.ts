// #region core
import { RedisClient } from 'nestjs-redwire/core';

const client = new RedisClient(process.env.REDIS_URL);
await client.set('greeting', 'hello', 'EX', 60);
const greeting = await client.get('greeting'); // 'hello'
await client.close();
// #endregion

export { client, greeting };
