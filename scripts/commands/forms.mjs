/**
 * The second way to write a command's arguments, made from its grammar: arguments that every call has, with lists and
 * records where the grammar repeats, then an object of options. See lib/core/commands/form.
 *
 * A node is one part of it: how it is built at run time (`code`), and what its arguments (`slots`) and options
 * (`options`: TypeScript, `names`: of the options by their words) are.
 */
import { isLeaf, isOneWord, isWordChoice } from './grammar.mjs';
import { KEYWORDS, parameterName } from './reserved.mjs';

export const ARGUMENT_TYPES = {
  key: 'RedisKey',
  string: 'CommandArgument',
  pattern: 'RedisKey',
  integer: 'NumberArgument',
  double: 'NumberArgument',
  'unix-time': 'NumberArgument',
};

/** Commands that read best raw: `replicaof('NO', 'ONE')`, `geodist(key, 'a', 'b', 'km')`. */
const RAW_ONLY = new Set(['CLUSTER REPLICATE', 'GEODIST', 'MODULE LOADEX', 'REPLICAOF', 'SLAVEOF']);

/** Grammars for forms where the server's has more than one way to say a thing. */
const FORM_GRAMMARS = {
  // filters may be repeated and come in any order, or be an address alone
  'CLIENT KILL': (grammar) =>
    grammar
      .at(-1)
      .arguments.at(-1)
      .arguments.map((filter) => ({ ...filter, optional: true, multiple: filter.multiple })),
};

/** Thrown where a grammar has what no form can say; the command then has raw arguments only. */
class Unsupported extends Error {}

/**
 * The form of a command, or null where raw arguments say the same: no options, nothing counted.
 *
 * @returns `{ parts, slots, optionalSlots, optionsType, optionsNeeded, names, plain, raw }`
 */
export function formOf(command) {
  if (RAW_ONLY.has(command.name)) return null;
  let nodes;
  try {
    nodes = sequence(FORM_GRAMMARS[command.name]?.(command.grammar) ?? command.grammar);
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
    return null;
  }
  const options = nodes.flatMap((node) => node.option ?? []);
  const slots = nodes.flatMap((node) => node.slots ?? []);
  const structured = slots.some((slot) => slot.needsList);
  // one value more is written as it is
  const bare = options.every((option) => option.bare);
  if (bare && !structured) return null;
  const optionalSlots = slots.length - (slots.findLastIndex((slot) => !slot.optional) + 1);
  if (slots.slice(0, slots.length - optionalSlots).some((slot) => slot.optional)) return null;
  nameSlots(slots);
  return {
    parts: nodes.map((node) => node.code),
    slots,
    optionalSlots,
    optionsType: options.length === 0 ? null : optionsType(options),
    isInterface: options.length > 0 && options.every((option) => option.members && !option.needed),
    optionsNeeded: options.some((option) => option.needed),
    names: Object.assign({}, ...options.map((option) => option.names)),
    plain: structured || slots.some((slot) => slot.shape !== 'word') ? -1 : slots.length,
  };
}

const RESERVED = new Set([...KEYWORDS, 'options']);

function nameSlots(slots) {
  const taken = new Set();
  for (const slot of slots) {
    const base = parameterName(camelCase(slot.argument.name.replace(/-selector$/, '')));
    let name = slot.shape === 'list' ? plural(base) : base;
    if (RESERVED.has(name)) name += 'Name';
    while (taken.has(name)) name += '2';
    taken.add(name);
    slot.name = name;
  }
}

/** Plain options stand in one object, choices beside it. */
function optionsType(options) {
  const plain = options.filter((option) => option.members && !option.needed);
  const others = options.filter((option) => !plain.includes(option)).map((option) => option.type);
  const fields = plain.flatMap(({ members }) =>
    members.map(({ doc, name, type }) => `\n${doc.trim()}\n${name}?: ${type} | undefined;`),
  );
  return [...(plain.length > 0 ? [`{${fields.join('')}\n}`] : []), ...others].join(' & ');
}

function sequence(grammar) {
  const nodes = [];
  for (let index = 0; index < grammar.length; index++) {
    const argument = grammar[index];
    const next = grammar[index + 1];
    if (isCount(argument, next)) {
      nodes.push(countedNode(next));
      index++;
    } else nodes.push(positional(argument));
  }
  return nodes;
}

/** `numkeys`, `numfields`: a number that follows from the list after it. */
const isCount = (argument, next) =>
  argument.type === 'integer' &&
  !argument.token &&
  argument.name.startsWith('num') &&
  next?.multiple === true &&
  !next.token;

/** An argument of a call, not of its options; anything optional becomes an option. */
function positional(argument) {
  const { type, token, optional, multiple } = argument;
  if (isTrim(argument)) return trimNode(argument);
  if (optional && multiple && isLeaf(argument) && !token) return { ...listNode(argument), optional: true };
  if (multiple && type === 'oneof' && !token) return itemsNode(argument);
  if (multiple && type === 'block' && token && optional)
    return itemsNode({
      ...argument,
      name: 'operation',
      arguments: [{ ...argument, multiple: false, multipleToken: false }],
    });
  if (optional) return optionNode(argument);
  if (multiple && type === 'block' && !token) return groupsNode(argument);
  if (isLeaf(argument) && !token) return multiple ? listNode(argument) : slotNode(argument);
  if (multiple) throw new Unsupported(argument.name);
  if (isWordChoice(argument) || isOneWord(argument)) return slotNode(argument);
  if (type === 'oneof') return optionNode(argument, true);
  if (type === 'block' && token) return tokenBlockNode(argument);
  throw new Unsupported(argument.name);
}

const slotNode = (argument) => ({
  code: 'slot()',
  slots: [{ argument, shape: 'word', type: typeOf(argument) }],
});

const listNode = (argument) => ({
  code: 'list()',
  slots: [
    {
      argument,
      shape: 'list',
      type: argument.type === 'key' ? 'KeyArguments' : 'CommandArguments',
      optional: argument.optional === true,
    },
  ],
});

function groupsNode(argument) {
  const members = argument.arguments;
  if (!members.every((member) => isLeaf(member) && !member.optional && !member.token && !member.multiple))
    throw new Unsupported(argument.name);
  const names = members.map((member) => camelCase(member.name));
  const pairs = names.length === 2 && ['key', 'field', 'parameter'].includes(names[0]);
  const quoted = names.map((name) => `'${name}'`);
  return {
    code: pairs ? 'entries()' : `groups(${quoted.join(', ')})`,
    size: names.length,
    slots: [
      {
        argument: { name: pairs ? 'entries' : plural(names.at(-1)) },
        shape: 'groups',
        type: pairs ? 'EntryArguments' : `GroupArguments<${quoted.join(' | ')}>`,
      },
    ],
  };
}

function countedNode(argument) {
  const node = argument.type === 'block' ? groupsNode(argument) : listNode(argument);
  const [slot] = node.slots;
  const type =
    slot.type === 'KeyArguments' ? 'KeyList' : slot.type === 'CommandArguments' ? 'ArgumentList' : slot.type;
  return {
    code: node.size ? `counted(${node.code}, ${node.size})` : `counted(${node.code})`,
    slots: [{ ...slot, optional: false, needsList: true, type }],
  };
}

/** `FIELDS numfields field …`, `STREAMS key … id …`, `GROUP group consumer`: words, and arguments of the call. */
function tokenBlockNode(argument) {
  const members = argument.arguments;
  if (members.length === 2 && members.every((member) => isLeaf(member) && member.multiple && !member.token)) {
    return {
      code: `word('${argument.token}'), streams()`,
      slots: [
        {
          argument: { name: argument.name },
          shape: 'pairs',
          needsList: true,
          type: 'ReadonlyMap<RedisKey, CommandArgument> | Readonly<Record<string, CommandArgument>>',
        },
      ],
    };
  }
  const nodes = sequence(members);
  if (nodes.some((node) => node.option)) throw new Unsupported(argument.name);
  return {
    code: [`word('${argument.token}')`, ...nodes.map((node) => node.code)].join(', '),
    slots: nodes.flatMap((node) => node.slots),
  };
}

function itemsNode(argument) {
  const choice = choiceOf(
    argument.arguments.map((member) => bag({ ...member, optional: false })),
    false,
  );
  return {
    code: `items(${choice.code})`,
    slots: [
      {
        argument: { name: plural(camelCase(argument.name)) },
        shape: 'items',
        needsList: true,
        optional: argument.optional === true,
        type: `readonly (${choice.type.replace(/^OneOf/, 'ExactlyOne')})[]`,
      },
    ],
  };
}

const isTrim = (argument) =>
  argument.type === 'block' &&
  argument.arguments?.[0]?.arguments?.map(({ token }) => token).join() === 'MAXLEN,MINID';

function trimNode(argument) {
  const choice = argument.optional ? 'OneOf' : 'ExactlyOne';
  return {
    code: `${argument.optional ? 'oneOf' : 'exactlyOne'}(trim('MAXLEN'), trim('MINID'))`,
    option: [
      {
        names: { MAXLEN: 'maxlen', MINID: 'minid' },
        needed: !argument.optional,
        type: `${choice}<{
          /** Keeps so many entries. */
          maxlen: NumberArgument | StreamTrim<NumberArgument>;
          /** Keeps the entries from this id on. */
          minid: CommandArgument | StreamTrim<CommandArgument>;
        }>`,
      },
    ],
  };
}

function optionNode(argument, needed = false) {
  const part = bag(needed ? argument : { ...argument, optional: true });
  return { code: part.code, option: [{ ...part, needed }] };
}

/** One part of an options object. */
function bag(argument) {
  const { type, token, multiple, multipleToken, optional } = argument;
  if (type === 'pure-token') return member(argument, `flag(${quotedOption(argument)})`, 'boolean');
  if (isLeaf(argument)) return leaf(argument);
  if (type === 'oneof' && token) return tokenChoice(argument);
  if (type === 'oneof') {
    if (multiple) throw new Unsupported(argument.name);
    return choiceOf(
      argument.arguments.map((child) => bag({ ...child, optional: false })),
      optional === true,
    );
  }
  if (multiple || multipleToken) throw new Unsupported(argument.name);
  return token ? tokenBlock(argument) : group(argument.arguments);
}

function leaf(argument) {
  const { token, multiple, multipleToken } = argument;
  const type = ARGUMENT_TYPES[argument.type];
  if (token === undefined) {
    if (multiple) throw new Unsupported(argument.name);
    const name = camelCase(argument.name);
    return { ...member({ ...argument, token: argument.name }, `named('${name}')`, type, name), bare: true };
  }
  if (multipleToken) return member(argument, `each('${token}')`, `${type} | readonly ${type}[]`);
  if (multiple) return member(argument, `values('${token}')`, `${type} | readonly ${type}[]`);
  return member(argument, `value('${token}')`, type);
}

/** `AGGREGATE <SUM | MIN>` is `aggregate: 'SUM'`; `FILTERBY <MODULE name | …>` is `filterby: { module: 'name' }`. */
function tokenChoice(argument) {
  const words = argument.arguments;
  if (words.every((child) => child.type === 'pure-token'))
    return member(argument, `value('${argument.token}')`, wordsOf(words));
  const choice = choiceOf(
    words.map((child) => bag({ ...child, optional: false })),
    false,
  );
  return member(argument, `nested('${argument.token}', ${choice.code})`, choice.type);
}

function tokenBlock(argument) {
  const { token } = argument;
  const leading = argument.arguments.findIndex((child) => child.optional);
  const plain = leading === -1 ? argument.arguments : argument.arguments.slice(0, leading);
  const further = leading === -1 ? [] : argument.arguments.slice(leading);
  const head = values(token, plain, argument);
  return further.length === 0
    ? head
    : together(
        [head],
        further.map((child) => bag(child)),
      );
}

/** A word and the values after it. */
function values(token, members, about) {
  if (members.length === 2 && isCount(members[0], members[1])) {
    const size = members[1].arguments?.length;
    if (!size) throw new Unsupported(token);
    const types = members[1].arguments.map(typeOf);
    return member(
      { ...about, token },
      `tuples('${token}', ${size})`,
      `readonly (readonly [${types.join(', ')}])[]`,
    );
  }
  if (!members.every((child) => (isLeaf(child) || isWordChoice(child)) && !child.multiple && !child.token))
    throw new Unsupported(token);
  if (members.length === 1) return member({ ...about, token }, `value('${token}')`, typeOf(members[0]));
  const types = members.map((child) => typeOf(child));
  return member({ ...about, token }, `tuple('${token}', ${types.length})`, `readonly [${types.join(', ')}]`);
}

/** A block without a word of its own: `BYRADIUS radius unit`, `COUNT count [ANY]`, `start end [unit]`. */
function group(members) {
  const [first, ...others] = members;
  // the word stands at the first member, and means all of them
  if (isLeaf(first) && first.token && others.length > 0 && others.every((child) => !child.optional)) {
    const { token, ...bare } = first;
    return values(token, [bare, ...others], first);
  }
  const needed = members.filter((child) => !child.optional).map((child) => bag(child));
  const further = members.filter((child) => child.optional).map((child) => bag(child));
  if (needed.length === 0) return loose(further);
  return together(needed, further, members);
}

/** Options of which any may be given. */
function loose(parts) {
  return {
    code: `block(${parts.map((part) => `maybe(${part.code})`).join(', ')})`,
    names: Object.assign({}, ...parts.map((part) => part.names)),
    type: parts.map((part) => part.type).join(' & '),
    members: null,
  };
}

/** `members`: the grammar, where optional parts stand between the others. */
function together(needed, further, members) {
  const inOrder = members
    ? members.map((child) => [bag(child), child.optional === true])
    : [...needed.map((part) => [part, false]), ...further.map((part) => [part, true])];
  const first = needed.map((part) => required(part)).join(' & ');
  const second = further.map((part) => part.type).join(' & ');
  return {
    code: `block(${inOrder.map(([part, optional]) => (optional ? `maybe(${part.code})` : part.code)).join(', ')})`,
    names: Object.assign({}, ...[...needed, ...further].map((part) => part.names)),
    type: `Together<${first}${second ? `, ${second}` : ''}>`,
    members: null,
  };
}

/** `{ name: type }` of a part that is one option, as a type that asks for it. */
const required = (part) =>
  part.members
    ? `{ ${part.members.map(({ doc, name, type }) => `${doc}${name}: ${type}`).join('; ')} }`
    : part.type;

function choiceOf(parts, optional) {
  const codes = parts.map((part) => part.code).join(', ');
  const names = Object.assign({}, ...parts.map((part) => part.names));
  if (parts.every((part) => part.members?.length === 1)) {
    const members = parts.flatMap((part) => part.members);
    const fields = members.map(({ doc, name, type }) => `${doc}${name}: ${type}`).join('; ');
    return {
      code: `${optional ? 'oneOf' : 'exactlyOne'}(${codes})`,
      names,
      type:
        members.length === 1
          ? `{ ${members[0].doc}${members[0].name}?: ${members[0].type} | undefined }`
          : `${optional ? 'OneOf' : 'ExactlyOne'}<{ ${fields} }>`,
      members: null,
    };
  }
  const none = Object.values(names)
    .map((name) => `'${name}'`)
    .join(' | ');
  const alternatives = parts.map((part) => {
    const others = Object.values(names).filter((name) => !Object.values(part.names).includes(name));
    const own = part.members ? required(part) : part.type;
    return `(${own} & { [Name in ${others.map((name) => `'${name}'`).join(' | ')}]?: false | undefined })`;
  });
  if (optional) alternatives.push(`{ [Name in ${none}]?: undefined }`);
  return {
    code: `${optional ? 'oneOf' : 'exactlyOne'}(${codes})`,
    names,
    type: `(${alternatives.join(' | ')})`,
    members: null,
  };
}

function member(argument, code, type, name = optionName(argument.token)) {
  if (!/^[A-Za-z]\w*$/.test(name)) throw new Unsupported(argument.name);
  const doc = `\n/** ${documentation(argument)} */\n`;
  return {
    code,
    names: { [argument.token]: name },
    type: `{ ${doc}${name}?: ${type} | undefined }`,
    members: [{ doc, name, type }],
  };
}

/** The words on the wire, and who takes them. */
function documentation({ token, name, type, arguments: members, servers, since }) {
  const values = members
    ? members.map((child) => child.name).join(' ')
    : type === 'pure-token' || token === name
      ? ''
      : name;
  const words = `\`${[token === name ? '' : token, token === name ? name : type === 'oneof' ? '' : values].filter(Boolean).join(' ')}\``;
  const about = [];
  if (typeof since === 'string') about.push(`since ${since}`);
  if (servers) about.push(`${servers.map(serverName).join(' and ')} only`);
  return `${words}${about.length > 0 ? `, ${about.join(', ')}` : ''}.`;
}

export const serverName = (label) => label.replace('redis-', 'Redis ').replace('valkey-', 'Valkey ');

function typeOf(argument) {
  if (isLeaf(argument)) return ARGUMENT_TYPES[argument.type];
  return isWordChoice(argument) ? wordsOf(argument.arguments) : 'CommandArgument';
}

export function wordsOf(words) {
  return words
    .flatMap(({ token }) => [...new Set([token, token.toLowerCase()])].map((word) => `'${word}'`))
    .join(' | ');
}

const quotedOption = ({ token }) => `'${token}'`;

function optionName(token) {
  return token.toLowerCase().replaceAll(/[_-]([a-z0-9])/g, (_, letter) => letter.toUpperCase());
}

export function camelCase(name) {
  return name
    .replaceAll(/[^A-Za-z0-9]+([A-Za-z0-9])/g, (_, letter) => letter.toUpperCase())
    .replaceAll(/[^A-Za-z0-9]/g, '');
}

export function plural(name) {
  return name.endsWith('s') || name === 'data' ? name : `${name}s`;
}
