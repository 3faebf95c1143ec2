/** The connection that `RedisModule.forRoot()` registers when no `name` is given. */
export const DEFAULT_REDIS_CONNECTION = 'default';

/** Options of one `RedisModule` import; each import has its own under this token, and does not export it. */
export const REDIS_MODULE_OPTIONS = Symbol('nestjs-redwire:options');

/** Name of the connection that a `RedisModule` import registers: a plain value, so that it is there before anything is created. */
export const REDIS_CONNECTION_NAME = Symbol('nestjs-redwire:connection-name');

/** The `RedisConnection` behind a `RedisModule` import. */
export const REDIS_CONNECTION = Symbol('nestjs-redwire:connection');

/** Tells a `RedisConnection` what its public tokens resolve to, which in a test may be a stand-in. */
export const REDIS_ATTACHMENT = Symbol('nestjs-redwire:attachment');

/** Metadata on a method: its `@OnRedisMessage()` entries. */
export const REDIS_MESSAGE_METADATA = 'nestjs-redwire:message';

/** Metadata on a method: its `@OnRedisStream()` entries. */
export const REDIS_STREAM_METADATA = 'nestjs-redwire:stream';

/** Metadata on a class and method: the parameters of a handler that has no parameter decorators. */
export const REDIS_DEFAULT_ARGS_METADATA = 'nestjs-redwire:default-args';

/** Metadata on a class and method: the parameter decorators of a handler, without those of a method that it overrides. */
export const REDIS_OWN_ARGS_METADATA = 'nestjs-redwire:own-args';

/**
 * Where Nest keeps what parameter decorators say. We use the same key, so that decorators made with Nest's
 * `createParamDecorator()` work in message handlers beside ours.
 */
export const ROUTE_ARGS_METADATA = '__routeArguments__';

/** What Nest puts in the keys of {@link ROUTE_ARGS_METADATA} for decorators made with `createParamDecorator()`. */
export const CUSTOM_ROUTE_ARGS_METADATA = '__customRouteArgs__';

/** Context type of message handlers: what `ExecutionContext.getType()` returns in their guards and interceptors. */
export const REDIS_CONTEXT_TYPE = 'redis';

/** How long `connect: 'eager'` waits at boot, ms. */
export const DEFAULT_CONNECT_DEADLINE = 10_000;

/** How long handlers and commands may take to finish at shutdown, ms. */
export const DEFAULT_SHUTDOWN_TIMEOUT = 5_000;
