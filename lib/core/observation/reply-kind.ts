/**
 * Kind and size of a reply, which say nothing of its contents: `string(12)` of as many characters, `bytes(12)`, `array(3)`,
 * `record(3)`, `null`.
 */
export function replyKind(value: unknown): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return `string(${value.length})`;
    case 'object':
      return objectKind(value);
    case 'undefined':
      return 'nothing';
    default:
      return typeof value;
  }
}

function objectKind(value: object): string {
  if (Buffer.isBuffer(value)) return `bytes(${value.length})`;
  if (Array.isArray(value)) return `array(${value.length})`;
  if (value instanceof Map) return `map(${value.size})`;
  if (value instanceof Set) return `set(${value.size})`;
  return `record(${Object.keys(value).length})`;
}
