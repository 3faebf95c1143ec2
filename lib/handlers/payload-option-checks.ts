import type { OptionCheck } from '../option-checks.js';
import { isCodec } from './codecs.js';
import { isStandardSchema } from './validate-payload.js';

/** What a handler decodes by. */
export const aCodec: OptionCheck = (value) =>
  isCodec(value) ? undefined : "'json', 'text', 'buffer' or an object with a decode(data) method";

/** What a handler validates by. */
export const aSchema: OptionCheck = (value) =>
  isStandardSchema(value)
    ? undefined
    : 'a schema that implements Standard Schema: of zod 3.24, valibot 1, ArkType 2 or later';
