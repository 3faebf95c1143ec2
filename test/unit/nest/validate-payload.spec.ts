import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import * as v from 'valibot';
import { z } from 'zod';
import { RedisPayloadError } from '../../../lib/handlers/redis-payload-error.js';
import { isStandardSchema, validatePayload } from '../../../lib/handlers/validate-payload.js';

const SECRET = 'hunter2';

async function failureOf(schema: StandardSchemaV1, payload: unknown): Promise<RedisPayloadError> {
  const failure: unknown = await validatePayload(schema, payload).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RedisPayloadError);
  return failure as RedisPayloadError;
}

/** A schema whose validation ends with what it may not. */
function returning(result: unknown): StandardSchemaV1 {
  return { '~standard': { version: 1, vendor: 'test', validate: () => result as never } };
}

const zod = z.object({ id: z.string(), items: z.array(z.object({ count: z.number() })) });
const valibot = v.object({ id: v.string(), items: v.array(v.object({ count: v.number() })) });

describe('what a schema gives', () => {
  const given = { at: '2024-05-01' };
  const zodEvent = z.object({
    at: z.string().transform((text) => new Date(text)),
    tags: z.array(z.string()).default([]),
  });
  const valibotEvent = v.object({
    at: v.pipe(
      v.string(),
      v.transform((text) => new Date(text)),
    ),
    tags: v.optional(v.array(v.string()), []),
  });
  const asyncZod = zodEvent.refine(async ({ tags }) => tags.length === 0);
  const asyncValibot = v.pipeAsync(
    valibotEvent,
    v.checkAsync(async ({ tags }) => tags.length === 0),
  );

  test.each<[string, StandardSchemaV1]>([
    ['zod', zodEvent],
    ['zod, asynchronous', asyncZod],
    ['valibot', valibotEvent],
    ['valibot, asynchronous', asyncValibot],
  ])('%s: its output, with defaults and transforms', async (_, schema) => {
    expect(isStandardSchema(schema)).toBe(true);
    expect(await validatePayload(schema, given)).toEqual({ at: new Date('2024-05-01'), tags: [] });
    await failureOf(schema, { at: 1 });
  });

  test.each<[string, StandardSchemaV1]>([
    ['zod', asyncZod],
    ['valibot', asyncValibot],
  ])('an asynchronous check of %s fails as others do', async (_, schema) => {
    const { issues, message } = await failureOf(schema, { at: '2024-05-01', tags: ['a'] });
    expect(issues).toHaveLength(1);
    expect(message).toMatch(/1 issue\(s\), at \(root\)/);
  });
});

describe('RedisPayloadError', () => {
  test.each<[string, StandardSchemaV1, RegExp]>([
    ['zod', zod, /2 issue\(s\), at id \(invalid_type\), items\[1\]\.count \(invalid_type\)\.$/],
    ['valibot', valibot, /2 issue\(s\), at id, items\[1\]\.count\.$/],
  ])('of %s names places, and no value', async (_, schema, message) => {
    const error = await failureOf(schema, { id: 7, items: [{ count: 1 }, { count: SECRET }] });
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ name: 'RedisPayloadError', code: 'INVALID_PAYLOAD' });
    expect(error.issues).toHaveLength(2);
  });

  test("does not print the validator's own words, which may quote", async () => {
    const error = await failureOf(
      v.object({
        password: v.pipe(
          v.string(),
          v.minLength(20, (issue) => `too short: ${issue.input}`),
        ),
      }),
      { password: SECRET },
    );
    expect(error.issues[0]!.message).toContain(SECRET);
    for (const printed of [error.message, error.stack, inspect(error, { depth: 9 }), JSON.stringify(error)])
      expect(printed).not.toContain(SECRET);
  });

  test('a sender who chooses the keys writes nothing into the log, and no more than a line', async () => {
    const keys = ['a\nERROR forged', 'x'.repeat(10_000), 'mail@example.org', '', ...Array.from('bcdefgh')];
    const payload = Object.fromEntries(keys.map((key) => [key, 'no number']));
    const { message, issues } = await failureOf(z.record(z.string(), z.number()), payload);
    expect(issues).toHaveLength(11);
    expect(message).toMatch(
      /11 issue\(s\), at (\* \(invalid_type\), ){4}b \(invalid_type\), … \(6 more\)\.$/,
    );
    const deep = await failureOf(
      {
        '~standard': {
          version: 1,
          vendor: 't',
          validate: () => ({ issues: [{ message: '', path: Array(1_000).fill('a') }] }),
        },
      },
      1,
    );
    expect(deep.message.length).toBeLessThan(150);
  });

  test.each<[string, unknown, string]>([
    ['no issue at all', [], '0 issue(s).'],
    ['no issues', [null, undefined, SECRET], '3 issue(s), at (root), (root), (root).'],
    ['no segments', [{ path: [null, undefined, { key: null }, {}] }], '1 issue(s), at *.*.*.*.'],
    ['no path', [{ path: SECRET }, { path: 7 }], '2 issue(s), at (root), (root).'],
  ])('a schema that breaks the standard: %s', async (_, issues, words) => {
    const { message } = await failureOf(returning({ issues }), 1);
    expect(message).toBe(`the payload does not match the schema: ${words}`);
  });

  test.each([undefined, null, 'text', 7, { issues: 'text' }, { issues: { length: 1 } }])(
    'what is no result of the standard is told as the mistake of the schema: %p',
    async (result) => {
      await expect(validatePayload(returning(result), 1)).rejects.toThrow(
        new TypeError(
          "the schema's validate() returned neither { value } nor { issues: […] }, as Standard Schema has it. Update the library that made it.",
        ),
      );
    },
  );

  test('segments may be keys, objects with a key, numbers and symbols', async () => {
    const path = [{ key: 'a' }, 0, { key: 1 }, Symbol(SECRET)];
    const schema: StandardSchemaV1 = {
      '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: '', path }] }) },
    };
    expect((await failureOf(schema, 1)).message).toMatch(/at a\[0\]\[1\]\.\*\.$/);
  });

  test('what the schema itself throws is passed on', async () => {
    const broken = z.string().transform(() => {
      throw new RangeError('inside');
    });
    await expect(validatePayload(broken, 'a')).rejects.toThrow(RangeError);
  });
});

test.each([undefined, null, 'zod', {}, { '~standard': null }, { '~standard': { validate: 1 } }])(
  '%j is no schema',
  (value) => expect(isStandardSchema(value)).toBe(false),
);
