/** Where a stream handler failed. */
export interface RedisStreamErrorContext {
  /** Class of the handler. */
  readonly className: string;
  /** Method of the handler. */
  readonly methodName: string;
  /** Name of the connection that the entry came over. */
  readonly connection: string;
  readonly type: 'stream';
  readonly stream: string;
  readonly group: string;
  /** The entry's id. */
  readonly id: string;
  /** How often the group has handed the entry out, this time included. */
  readonly deliveries: number;
  /** True where the entry is given up now: no handler gets it again. */
  readonly isLastDelivery: boolean;
  /** All fields of the entry, as they were received. */
  readonly fields: Readonly<Record<string, Buffer>>;
}
