/** An integer's text as a number, past 2^53 as a bigint; undefined for what is none. */
export function exactNumber(text: string): number | bigint | undefined {
  if (!/^-?\d+$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}
