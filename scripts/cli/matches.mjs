// @ts-check

/**
 * Whether a command's name matches a pattern: `*` is any text, `?` one character, letters in any case.
 *
 * @param {string} pattern
 * @param {string} name
 */
export function matches(pattern, name) {
  const source = pattern.replaceAll(/[\\^$.*+?()[\]{}|]/g, (letter) =>
    letter === '*' ? '.*' : letter === '?' ? '.' : `\\${letter}`,
  );
  return new RegExp(`^${source}$`, 'i').test(name);
}
