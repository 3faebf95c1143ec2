/** What can be thrown and not be put into words without a second error. */
export const UNSPEAKABLE: Record<string, () => unknown> = {
  'an object without a prototype': () => Object.create(null),
  'an array of one': () => [Object.create(null)],
  'a toString() that throws': () => ({ toString: fail }),
  'a message that throws': () => Object.defineProperty(new Error(), 'message', { get: fail }),
  'a stack that throws': () => Object.defineProperty(new Error('text'), 'stack', { get: fail }),
  'a name that throws': () => Object.defineProperty(new Error('text'), 'name', { get: fail }),
  'a message that is a symbol': () => Object.assign(new Error(), { message: Symbol('text') }),
  'a prototype that throws': () => new Proxy({}, { getPrototypeOf: fail }),
};

function fail(): never {
  throw new Error('no');
}
