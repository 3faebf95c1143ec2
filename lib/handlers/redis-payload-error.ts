import type { StandardSchemaV1 } from '@standard-schema/spec';
import { brand, RedisError } from '../core/errors.js';

/** Issues that the message names; the rest are counted. */
const MOST_NAMED = 5;

/** What may be quoted of a path or a code: a sender can choose keys, and so put into a log what they like. */
const PLAIN = /^[\w$-]{1,40}$/;

/**
 * A payload is not what the `schema` asks for (`INVALID_PAYLOAD`). The message names the places and the validator's codes,
 * never a value: messages of validators often quote what they found, so these are in {@link issues} alone, which is not
 * enumerable, so that printing the error does not print them.
 */
export class RedisPayloadError extends RedisError {
  /** What the validator found, as it put it: may hold values of the payload. */
  declare readonly issues: readonly StandardSchemaV1.Issue[];

  constructor(issues: readonly StandardSchemaV1.Issue[]) {
    const named = issues.slice(0, MOST_NAMED).map(describeIssue);
    const more = issues.length - named.length;
    super(
      'INVALID_PAYLOAD',
      `the payload does not match the schema: ${issues.length} issue(s)${named.length > 0 ? `, at ${named.join(', ')}` : ''}${more > 0 ? `, … (${more} more)` : ''}.`,
    );
    Object.defineProperty(this, 'issues', { value: issues });
  }
}

brand(RedisPayloadError, 'RedisPayloadError');

/** `items[3].id (invalid_type)`; the payload as a whole is `(root)`. Of issues that break the standard what there is. */
function describeIssue(issue: StandardSchemaV1.Issue | null | undefined): string {
  const { code } = (issue ?? {}) as { code?: unknown };
  const suffix = typeof code === 'string' && PLAIN.test(code) ? ` (${code})` : '';
  return `${describePath(issue?.path)}${suffix}`;
}

function describePath(path: unknown): string {
  if (!Array.isArray(path) || path.length === 0) return '(root)';
  let text = '';
  for (const segment of path.slice(0, 10)) {
    const key: unknown =
      typeof segment === 'object' && segment !== null ? (segment as { key?: unknown }).key : segment;
    if (typeof key === 'number') text += `[${key}]`;
    else {
      const name = typeof key === 'string' && PLAIN.test(key) ? key : '*';
      text += text === '' ? name : `.${name}`;
    }
  }
  return path.length > 10 ? `${text}.…` : text;
}
