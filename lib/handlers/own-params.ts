import { ROUTE_ARGS_METADATA } from '../redis.constants.js';

/** What parameter decorators say of a method's parameters, as Nest keeps it. */
export type ParamsMetadata = Readonly<Record<string, unknown>>;

/** The prototype that has the method itself: the class's, or that of a class that it extends. */
export function ownerOf(prototype: object, methodName: string): object | null {
  let owner: object | null = prototype;
  while (owner !== null && !Object.hasOwn(owner, methodName))
    owner = Object.getPrototypeOf(owner) as object | null;
  return owner;
}

/**
 * The parameter decorators of a method. Nest looks for them by class and name, and so mixes those of an overridden method with
 * those of the one in its place, whose parameters may be others: here they are left out.
 *
 * @param prototype of the class, or of one that extends it.
 */
export function ownParams(prototype: object, methodName: string): ParamsMetadata {
  const classRef: unknown = ownerOf(prototype, methodName)?.constructor;
  // values of any shape are providers too
  if (typeof classRef !== 'function') return {};
  const own = Reflect.getOwnMetadata(ROUTE_ARGS_METADATA, classRef, methodName) as ParamsMetadata | undefined;
  const overridden = Object.getPrototypeOf(classRef) as object | null;
  const inherited =
    overridden === null
      ? undefined
      : (Reflect.getMetadata(ROUTE_ARGS_METADATA, overridden, methodName) as ParamsMetadata | undefined);
  // decorators copy what they find and add to it: what was copied is still the same object
  return Object.fromEntries(Object.entries(own ?? {}).filter(([key, param]) => inherited?.[key] !== param));
}
