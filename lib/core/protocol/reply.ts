/**
 * What a decoder makes of the server's bytes, the same shape over RESP2 and RESP3 as far as the bytes tell:
 *
 * | on the wire                                   | here                                             |
 * | --------------------------------------------- | ------------------------------------------------ |
 * | simple string, bulk string, verbatim string   | `string` (or `Buffer` where bytes were asked for) |
 * | integer                                       | `number`; `bigint` past `Number.MAX_SAFE_INTEGER` |
 * | big number                                    | `bigint`                                         |
 * | double                                        | `number` (`Infinity`, `-Infinity`, `NaN` too)    |
 * | boolean                                       | `boolean`                                        |
 * | null, null bulk string, null array            | `null`                                           |
 * | array, set                                    | array                                            |
 * | map                                           | plain object; a `Map` where a key is an aggregate |
 * | error inside an aggregate                     | `ReplyError`                               |
 * | attribute                                     | dropped                                          |
 */
export type Reply =
  string | Buffer | number | bigint | boolean | null | ReplyError | Reply[] | ReplyRecord | Map<Reply, Reply>;

/** A decoded RESP3 map. Keys are always text, also where values are Buffers. */
export interface ReplyRecord {
  [key: string]: Reply;
}

/** An error that the server put inside an aggregate (EXEC, EVAL): the layer above makes its own error class of it. */
export class ReplyError {
  constructor(readonly message: string) {}
}
