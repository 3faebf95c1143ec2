import { nearest } from './core/nearest.js';
import { DEFAULT_REDIS_CONNECTION } from './redis.constants.js';

/** The error for a connection that no `RedisModule` registers: who asked, what there is, what to write. */
export function unknownConnection(name: string, known: readonly string[], asker: string): Error {
  const guess = nearest(name, known);
  const listed =
    known.length === 0
      ? 'No connection is registered'
      : `Registered are: ${known.map((each) => `"${each}"`).join(', ')}`;
  const argument = name === DEFAULT_REDIS_CONNECTION ? '{ … }' : `{ name: '${name}', … }`;
  return new Error(
    `${asker} asks for the Redis connection "${name}", which no RedisModule registers. ${listed}` +
      `${guess === undefined ? '.' : `: did you mean "${guess}"?`} To add it, import RedisModule.forRoot(${argument}).`,
  );
}
