/** One argument as it goes on the wire. Numbers and bigints are written in decimal. */
export type CommandArgument = string | Buffer | number | bigint;

/** A key. */
export type RedisKey = string | Buffer;

/** A value to store. */
export type RedisValue = string | Buffer | number | bigint;
