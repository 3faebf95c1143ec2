const WIDTH = 120;

/**
 * JSON for review: what fits a line stands on one line, everything else is broken up, so that a changed argument shows as
 * one changed line. Order is the caller's.
 */
export function format(value) {
  return `${write(value, '')}\n`;
}

function write(value, indent, label = '') {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const short = oneLine(value);
  if (indent.length + label.length + short.length <= WIDTH && indent.length > 2) return short;
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const items = Array.isArray(value)
    ? value.map((item) => `${inner}${write(item, inner)}`)
    : Object.entries(value).map(
        ([key, item]) => `${inner}${JSON.stringify(key)}: ${write(item, inner, `"${key}": `)}`,
      );
  return items.length === 0 ? open + close : `${open}\n${items.join(',\n')}\n${indent}${close}`;
}

function oneLine(value) {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${oneLine(item)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}
