import type { BoundHandler } from '../handlers/bound-handler.js';
import type { StreamHandlerOptions } from './stream-handler-options.js';

/** One `@OnRedisStream()` of an application. */
export type StreamHandler = BoundHandler<StreamHandlerOptions>;
