// What Redis 8.0.6 says of its commands, as methods of RedisClient. Do not edit it, write it again:
// `npx nestjs-redwire commands --url … --only 'VSIM' --prefix raw`

import { defineCommands } from 'nestjs-redwire/core';
import type { Answer, AnswerKind, CommandArguments, RedisKey, Reply } from 'nestjs-redwire/core';

declare module 'nestjs-redwire/core' {
  interface ServerCommands<Kind extends AnswerKind> {
    /**
     * `VSIM key arg [arg ...]`
     */
    rawVsim(key: RedisKey, ...args: CommandArguments[]): Answer<Kind, Reply>;
  }
}

defineCommands({
  rawVsim: {
    name: 'VSIM',
    flags: ['READONLY', 'IDEMPOTENT'],
    keys: [{ begin: { index: 0 }, find: { lastKey: 0, step: 1, limit: 0 } }],
  },
});
