/**
 * Checks a time that a method was given: NaN would make a deadline that never passes.
 *
 * @throws {TypeError} naming the method and the setting.
 */
export function checkMilliseconds(method: string, name: string, value: number | undefined): void {
  if (value === undefined || (typeof value === 'number' && value >= 0)) return;
  throw new TypeError(`${method}: '${name}' must be a number of ms, 0 or more.`);
}
