/**
 * What a parameter decorator of ours stands for. Nest tells parameters apart by such numbers, and keeps those of all its
 * transports under one key: ours stay clear of them.
 */
export enum RedisParamType {
  PAYLOAD = 7_100,
  CHANNEL = 7_101,
  PATTERN = 7_102,
  CONTEXT = 7_103,
}
