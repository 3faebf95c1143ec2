/** Characters of a name that are shown. */
const LONGEST = 200;

/** What would end a line of the log, colour it or turn it around, and halves of surrogate pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * The name of a channel for the log. Whoever publishes chooses what a pattern matches, and so what is logged: it may not write
 * lines of its own there.
 */
export function quoteName(name: string): string {
  const shown = name.slice(0, LONGEST).replaceAll(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
  });
  return `"${shown}${name.length > LONGEST ? '…' : ''}"`;
}
