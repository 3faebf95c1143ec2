// What the types say: compiled, not run.
import {
  OnRedisMessage,
  RedisClient,
  type RedisMessage,
  RedisModule,
  RedisTimeoutError,
} from 'nestjs-redwire';

declare const client: RedisClient;

export async function replies(): Promise<void> {
  const text: string | null = await client.get('k');
  const record: Record<string, string> = await client.hgetall('k');
  const count: number = await client.del('a', 'b');
  const score: number | null = await client.zscore('z', 'm');
  const bytes: Buffer | null = await client.buffers.get('k');
  await client.hset('h', { a: 1, b: 'two' });
  await client.zadd('z', [{ score: 1, member: 'a' }]);
  await client.with({ timeout: 100 }).get('k');
  const subscription = await client.subscribe('a', 'b');
  for await (const message of subscription) {
    const { channel, data }: RedisMessage = message;
    return void [text, record, count, score, bytes, channel, data];
  }
}

export function mistakes(): void {
  // @ts-expect-error there is no such option
  void new RedisClient({ hots: 'localhost' });
  // @ts-expect-error a key is no object
  void client.get({});
  // @ts-expect-error hosts are names
  RedisModule.forRoot({ host: 1 });
  // @ts-expect-error no such option in what the factory returns
  RedisModule.forRootAsync({ useFactory: () => ({ hots: 'localhost' }) });
  // @ts-expect-error the client is injected, which is no number
  RedisModule.forRootAsync({ inject: [RedisClient], useFactory: (redis: number) => ({ port: redis }) });
  // @ts-expect-error no such codec
  void OnRedisMessage('c', { codec: 'xml' });
  // @ts-expect-error a text is no number
  const wrong: number = client.get('k');
  void [wrong, RedisTimeoutError];
}
