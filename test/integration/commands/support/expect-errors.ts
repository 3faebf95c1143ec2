import { expect } from '@jest/globals';
import { RedisServerError } from 'nestjs-redwire/core';
import { errorOf } from '../../core/support/index.js';

/** The server refuses the call: with this code (`ERR`, `WRONGTYPE` …), saying this. */
export async function expectRefused(call: Promise<unknown>, code: string, says: RegExp): Promise<void> {
  const error = await errorOf(call);
  expect(error).toBeInstanceOf(RedisServerError);
  expect(error).toMatchObject({ code, message: expect.stringMatching(says) });
}

/** The key of each call holds something of another type. */
export async function expectWrongType(...calls: Promise<unknown>[]): Promise<void> {
  const says = /^WRONGTYPE Operation against a key holding the wrong kind of value/;
  await Promise.all(calls.map((call) => expectRefused(call, 'WRONGTYPE', says)));
}

/** This server is older than the command. */
export async function expectUnknown(command: string, call: Promise<unknown>): Promise<void> {
  await expectRefused(call, 'ERR', new RegExp(`^ERR unknown command '${command}'`));
}
