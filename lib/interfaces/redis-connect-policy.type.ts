/**
 * When a connection is opened.
 *
 * - `'eager'`: the application does not start without it;
 * - `'background'`: opened while the application starts, which does not wait; failures are logged, commands queue;
 * - `'lazy'`: opened by the first command.
 */
export type RedisConnectPolicy = 'eager' | 'background' | 'lazy';
