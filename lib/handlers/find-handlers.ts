import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { STATIC_CONTEXT } from '@nestjs/core/injector/constants.js';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { CUSTOM_ROUTE_ARGS_METADATA } from '../redis.constants.js';
import type { HandlerKind } from './handler-kinds.js';
import { ownParams } from './own-params.js';
import { refuseLostHandler } from './refuse-lost-handlers.js';
import { RedisParamType } from './redis-param-type.enum.js';

/** Our parameter decorators, as users write them. */
const PARAM_DECORATORS: Record<RedisParamType, string> = {
  [RedisParamType.PAYLOAD]: '@RedisPayload()',
  [RedisParamType.CHANNEL]: '@RedisChannel()',
  [RedisParamType.PATTERN]: '@RedisPattern()',
  [RedisParamType.CONTEXT]: '@RedisContext()',
};

/** A decorated method that was found, and where. */
export interface FoundHandler<Options> {
  readonly wrapper: InstanceWrapper<object>;
  readonly className: string;
  readonly methodName: string;
  readonly entries: readonly Options[];
}

/**
 * Finds every method with the kind's decorator of every provider and controller, inherited ones too. A provider under
 * several tokens counts once.
 *
 * @param seen what was looked at already, for looking again after a module was loaded lazily.
 * @throws {TypeError} for a handler with parameter decorators that its kind has no values for, and for a method that lost its decorator or never
 *   had one.
 */
export function findHandlers<Options>(
  kind: HandlerKind<Options>,
  discovery: DiscoveryService,
  scanner: MetadataScanner,
  seen = new WeakSet<object>(),
): FoundHandler<Options>[] {
  const found: FoundHandler<Options>[] = [];
  const wrappers: InstanceWrapper<unknown>[] = [...discovery.getProviders(), ...discovery.getControllers()];
  for (const wrapper of wrappers) {
    if (!isInspectable(wrapper) || seen.has(wrapper.instance)) continue;
    seen.add(wrapper.instance);
    const prototype = Object.getPrototypeOf(wrapper.instance) as Record<string, unknown> | null;
    for (const methodName of scanner.getAllMethodNames(prototype)) {
      const entries = Reflect.getMetadata(kind.metadataKey, prototype![methodName] as object) as
        Options[] | undefined;
      if (entries === undefined) {
        refuseLostHandler(prototype!, methodName);
        continue;
      }
      const className = wrapper.instance.constructor.name;
      refuseForeignParams(kind, prototype!, className, methodName);
      found.push({ wrapper, className, methodName, entries });
    }
  }
  return found;
}

/** Not an alias, and of a class: plain values hold no decorated methods. */
function isInspectable(wrapper: InstanceWrapper<unknown>): wrapper is InstanceWrapper<object> {
  if (wrapper.isAlias) return false;
  const { instance } = wrapper;
  return typeof instance === 'object' && instance !== null && isMade(wrapper);
}

/** False for what a module that is being loaded lazily has not made yet: what stands there is its prototype. */
function isMade(wrapper: InstanceWrapper<unknown>): boolean {
  if (!wrapper.isDependencyTreeStatic() || wrapper.isTransient) return true;
  return wrapper.getInstanceByContextId(STATIC_CONTEXT).isResolved === true;
}

function refuseForeignParams(
  { decorator, params: known }: HandlerKind<unknown>,
  prototype: object,
  className: string,
  methodName: string,
): void {
  const names = known.map((type) => PARAM_DECORATORS[type]);
  const taken = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  for (const key of Object.keys(ownParams(prototype, methodName))) {
    const type = Number.parseInt(key, 10) as RedisParamType;
    if (key.includes(CUSTOM_ROUTE_ARGS_METADATA) || known.includes(type)) continue;
    const stranger =
      type in RedisParamType
        ? `${PARAM_DECORATORS[type]}, for which it has no value`
        : 'a parameter decorator of another transport, such as @Body()';
    throw new TypeError(`${className}.${methodName} has ${decorator} and ${stranger}. There use ${taken}.`);
  }
}
