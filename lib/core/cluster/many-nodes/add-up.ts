/** The sum of integers, as a bigint where a number would round it. */
export function addUp(numbers: readonly (number | bigint)[]): number | bigint {
  const sum = numbers.reduce<number>((total, number) => total + Number(number), 0);
  // none of these is negative: what is safe at the end was so all the way
  if (Number.isSafeInteger(sum)) return sum;
  return numbers.reduce<bigint>((total, number) => total + BigInt(number), 0n);
}
