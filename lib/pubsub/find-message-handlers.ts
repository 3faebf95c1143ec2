import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import {
  CUSTOM_ROUTE_ARGS_METADATA,
  REDIS_MESSAGE_METADATA,
  ROUTE_ARGS_METADATA,
} from '../redis.constants.js';
import type { MessageHandlerOptions } from './message-handler-options.js';
import { RedisParamType } from './redis-param-type.enum.js';

/** A decorated method that was found, and where. */
export interface FoundHandler {
  readonly wrapper: InstanceWrapper<object>;
  readonly className: string;
  readonly methodName: string;
  readonly entries: readonly MessageHandlerOptions[];
}

/**
 * Finds every method with `@OnRedisMessage()` of every provider and controller, inherited ones too. A provider under
 * several tokens counts once.
 *
 * @throws {TypeError} for a handler with parameter decorators of another transport.
 */
export function findMessageHandlers(discovery: DiscoveryService, scanner: MetadataScanner): FoundHandler[] {
  const found: FoundHandler[] = [];
  const seen = new Set<object>();
  const wrappers: InstanceWrapper<unknown>[] = [...discovery.getProviders(), ...discovery.getControllers()];
  for (const wrapper of wrappers) {
    if (!isInspectable(wrapper) || seen.has(wrapper.instance)) continue;
    seen.add(wrapper.instance);
    const prototype = Object.getPrototypeOf(wrapper.instance) as Record<string, unknown> | null;
    for (const methodName of scanner.getAllMethodNames(prototype)) {
      const entries = Reflect.getMetadata(REDIS_MESSAGE_METADATA, prototype![methodName] as object) as
        MessageHandlerOptions[] | undefined;
      if (entries === undefined) continue;
      const className = wrapper.instance.constructor.name;
      refuseForeignParams(wrapper.instance.constructor, className, methodName);
      found.push({ wrapper, className, methodName, entries });
    }
  }
  return found;
}

/** Not an alias, and of a class: plain values hold no decorated methods. */
function isInspectable(wrapper: InstanceWrapper<unknown>): wrapper is InstanceWrapper<object> {
  if (wrapper.isAlias) return false;
  const { instance } = wrapper;
  return typeof instance === 'object' && instance !== null;
}

function refuseForeignParams(classRef: object, className: string, methodName: string): void {
  const params =
    (Reflect.getMetadata(ROUTE_ARGS_METADATA, classRef, methodName) as Record<string, unknown> | undefined) ??
    {};
  for (const key of Object.keys(params)) {
    if (key.includes(CUSTOM_ROUTE_ARGS_METADATA) || Number.parseInt(key, 10) in RedisParamType) continue;
    throw new TypeError(
      `${className}.${methodName} has @OnRedisMessage() and a parameter decorator of another transport, such as @Body(). ` +
        'In a message handler use @RedisPayload(), @RedisChannel(), @RedisPattern() and @RedisContext().',
    );
  }
}
