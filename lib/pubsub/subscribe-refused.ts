import { describeError } from '../describe-error.js';

/**
 * What a boot fails with where a handler cannot subscribe: the server's reply names neither handler nor channel.
 *
 * @param late for a module that is loaded into an application that has booted.
 */
export function subscribeRefused(
  handler: string,
  channels: readonly string[],
  cause: unknown,
  late: boolean,
): Error {
  return new Error(
    `@OnRedisMessage() on ${handler} could not subscribe to ${channels.map((channel) => `"${channel}"`).join(', ')}: ${describeError(cause).message} ` +
      `${late ? 'Its module is not loaded' : 'The application does not start'} without it (connect: 'eager').`,
    { cause },
  );
}
