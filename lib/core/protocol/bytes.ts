/**
 * A `Buffer` with the two methods under `toString()`, which every Node has and its types leave out: the encoding
 * is chosen by name there on each call, and that costs a third of making a small string.
 */
export interface Bytes extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}
