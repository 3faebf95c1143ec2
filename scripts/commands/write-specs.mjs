import { FLAG_BITS } from './model.mjs';

/** One constant per command, and the list of them all. */
export function writeSpecs(commands) {
  const keyTable = new Map();
  const keysOf = (command) => {
    if (command.keys.length === 0) return 'NO_KEYS';
    const text = literal(command.keys);
    if (!keyTable.has(text)) keyTable.set(text, { name: keyTableName(command) });
    return keyTable.get(text).name;
  };
  const lines = commands.map((command) => {
    const bits = command.flags.reduce((sum, flag) => sum + FLAG_BITS[flag], 0);
    const parts = [`'${command.name}'`, bits, keysOf(command)];
    if (command.transform) parts.push(`transforms.${command.transform}`);
    const note = command.flags.length === 0 ? '' : ` // ${command.flags.join(' ').toLowerCase()}`;
    return `export const ${command.constant} = defineCommand(${parts.join(', ')});${note}`;
  });
  return `const NO_KEYS: readonly KeySpec[] = [];
${[...keyTable].map(([text, { name }]) => `const ${name}: readonly KeySpec[] = ${text};`).join('\n')}

${lines.join('\n')}

/** All of the above. A function, so that it costs nothing until a command is looked up by name. */
export function allCommands(): CommandSpec[] {
  return [
${wrap(commands.map((command) => command.constant))}
  ];
}

/** Those that servers class as dangerous, by their methods. A function for the same reason. */
export function dangerousCommands() {
  return {
${commands
  .filter(({ method, flags }) => method !== null && flags.includes('DANGEROUS'))
  .map(({ method, constant }) => `    ${method}: ${constant},`)
  .join('\n')}
  };
}
`;
}

export function literal(value) {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object') {
    return `{ ${Object.entries(value)
      .map(([key, item]) => `${key}: ${literal(item)}`)
      .join(', ')} }`;
  }
  return typeof value === 'string' ? `'${value}'` : String(value);
}

function keyTableName({ keys, constant }) {
  const [{ begin, find }] = keys;
  if (keys.length > 1 || !('index' in begin) || Object.keys(keys[0]).length > 2) return `KEYS_OF_${constant}`;
  if (find.keynumIndex !== undefined)
    return `COUNTED_FROM_${begin.index}${find.step === 1 ? '' : `_STEP_${find.step}`}`;
  if (find.lastKey === 0) return `KEY_${begin.index}`;
  const end =
    find.lastKey < 0
      ? find.lastKey === -1
        ? 'END'
        : `END_BUT_${-find.lastKey - 1}`
      : begin.index + find.lastKey;
  return `KEYS_${begin.index}_TO_${end}${find.step === 1 ? '' : `_STEP_${find.step}`}`;
}

function wrap(names, indent = '    ', width = 110) {
  const lines = [];
  let line = indent;
  for (const name of names) {
    if (line.length + name.length + 1 > width) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${name}, `;
  }
  lines.push(line.trimEnd());
  return lines.join('\n');
}
