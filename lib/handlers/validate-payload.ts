import type { StandardSchemaV1 } from '@standard-schema/spec';
import { RedisPayloadError } from './redis-payload-error.js';

/**
 * Checks a payload by a schema, be it synchronous or not.
 *
 * @returns the schema's output: with its defaults filled in and its transforms applied.
 * @throws {RedisPayloadError} for a payload that does not match. @throws {TypeError} for a schema that breaks the standard.
 *   What the schema itself throws is passed on.
 */
export async function validatePayload<Schema extends StandardSchemaV1>(
  schema: Schema,
  payload: unknown,
): Promise<StandardSchemaV1.InferOutput<Schema>> {
  const result = await schema['~standard'].validate(payload);
  // own schemas, and those of libraries ahead of the standard, are told apart from payloads that do not match
  if (typeof result !== 'object' || result === null || (result.issues && !Array.isArray(result.issues))) {
    throw new TypeError(
      "the schema's validate() returned neither { value } nor { issues: […] }, as Standard Schema has it. Update the library that made it.",
    );
  }
  // the standard's own test: what is falsy is success
  if (result.issues) throw new RedisPayloadError(result.issues);
  return result.value;
}

/** True for what implements Standard Schema, version 1. Some libraries' schemas are functions. */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard: unknown = (value as Partial<StandardSchemaV1>)['~standard'];
  return (
    typeof standard === 'object' &&
    standard !== null &&
    typeof (standard as Partial<StandardSchemaV1.Props>).validate === 'function'
  );
}
