import { grammarLine } from './grammar.mjs';
import { indent } from './indent.mjs';
import { fold, formRaw, methodSignatures, optionsName } from './write-methods.mjs';
import { literal } from './write-specs.mjs';

/** Types of the core that signatures and options may name, in the order of their import. */
const TYPES = [
  'Answer',
  'AnswerKind',
  'ArgumentList',
  'CommandArgument',
  'CommandArguments',
  'EntryArguments',
  'ExactlyOne',
  'GroupArguments',
  'KeyArguments',
  'KeyList',
  'NumberArgument',
  'OneOf',
  'RedisKey',
  'Reply',
  'StreamTrim',
  'Together',
];

/**
 * A TypeScript module that gives `RedisClient` a method for each of these commands.
 *
 * @param commands models, as `foreignModel()` makes them
 * @param about one line: from where, how made
 */
export function writeModule(commands, about) {
  const methods = commands.map((command) => {
    const { raw, form } = methodSignatures(command);
    const signatures = [...raw, ...form].map(({ code }) => `${command.method}${code};`);
    return [documentation(command), ...signatures].join('\n');
  });
  const options = commands.flatMap((command) => optionsOf(command));
  const definitions = commands.map((command) => definition(command));
  const body = `declare module 'nestjs-redwire/core' {
interface ServerCommands<Kind extends AnswerKind> {
${methods.join('\n\n')}
}
}

${options.map((text) => `${text}\n\n`).join('')}defineCommands({
${definitions.join('\n')}
});`;
  const used = TYPES.filter((name) =>
    new RegExp(`\\b${name}\\b`).test(body.replaceAll(/\/\*[\s\S]*?\*\//g, '')),
  );
  const header = about.map((line) => `// ${line}`).join('\n');
  return `${header}

import { defineCommands } from 'nestjs-redwire/core';
${importOf(used)}

${indent(body)}
`;
}

function importOf(types) {
  const line = `import type { ${types.join(', ')} } from 'nestjs-redwire/core';`;
  if (line.length <= 100) return line;
  return `import type {\n${types.map((name) => `  ${name},`).join('\n')}\n} from 'nestjs-redwire/core';`;
}

function documentation({ summary, line, facts, notes }) {
  const lines = [];
  if (summary) lines.push(summary, '');
  lines.push(...fold(`\`${line}\``));
  const about = [facts.complexity ?? '', ...notes].filter(Boolean);
  if (facts.deprecated)
    about.push(`Deprecated${facts.deprecated.use ? `: use ${facts.deprecated.use}` : ''}.`);
  if (about.length > 0) lines.push('', ...about);
  return `/**\n${lines.map((text) => ` * ${text}`.trimEnd()).join('\n')}\n */`;
}

function optionsOf(command) {
  const type = command.form?.optionsType;
  if (!type) return [];
  const doc = `/** Options of \`${grammarLine(command.name)}\`. */`;
  const name = optionsName(command);
  return command.form.isInterface
    ? [`${doc}\nexport interface ${name} ${type}`]
    : [`${doc}\nexport type ${name} = ${type};`];
}

/** The command's entry in the call of `defineCommands()`. */
function definition({ method, name, flags, keys, form, grammar }) {
  const fields = [`name: '${name}'`];
  if (flags.length > 0) fields.push(`flags: [${flags.map((flag) => `'${flag}'`).join(', ')}]`);
  if (keys.length > 0) fields.push(`keys: ${literal(keys)}`);
  const raw = formRaw(grammar);
  if (raw !== `'arguments'`) fields.push(`raw: ${raw}`);
  if (form !== null) {
    if (form.plain !== -1) fields.push(`plain: ${form.plain}`);
    if (form.optionalSlots > 0) fields.push(`optional: ${form.optionalSlots}`);
    const parts = `[${form.parts.join(', ')}]`;
    const used = [...new Set(parts.match(/\b[a-zA-Z]+(?=\()/g))].toSorted();
    fields.push(`form: ({ ${used.join(', ')} }) => ${parts}`);
  }
  return `${method}: {\n${fields.map((field) => `${field},`).join('\n')}\n},`;
}
