import { mergeArguments } from './merge-arguments.mjs';

/**
 * What a server says of its commands, subcommands beside their containers: `Map<'CONFIG GET', entry>`.
 *
 * @param about INFO's section `server`, as a record
 * @param docs the reply to COMMAND DOCS, as records
 * @param info the reply to COMMAND INFO
 */
export function serverTable(about, docs, info) {
  const product = about.server_name === 'valkey' ? 'valkey' : 'redis';
  const version = about.valkey_version ?? about.redis_version ?? '';
  const commands = new Map();
  const docsOf = new Map();
  const addDocs = ([name, entry]) => {
    docsOf.set(fullName(name), entry);
    Object.entries(entry.subcommands ?? {}).forEach(addDocs);
  };
  Object.entries(docs).forEach(addDocs);
  const addInfo = ([name, arity, flags, , , , acl, tips, keys, subcommands]) => {
    commands.set(fullName(name), {
      docs: docsOf.get(fullName(name)) ?? {},
      arity,
      flags: flags.toSorted(),
      acl: acl.toSorted(),
      tips: tips.toSorted(),
      keys: keys.map(keySpec),
      container: subcommands.length > 0,
    });
    subcommands.forEach(addInfo);
  };
  info.filter((entry) => entry !== null).forEach(addInfo);
  const release = version.split('.').slice(0, 2).join('.');
  return { product, version, label: `${product}-${release}`, commands };
}

const fullName = (name) => name.toUpperCase().replace('|', ' ');

/** Positions stay as the server counts them: from 1, the command's own words included. */
function keySpec({ flags, begin_search: begin, find_keys: find }) {
  const spec = { flags: flags.toSorted() };
  if (begin.type === 'index') spec.begin = { index: begin.spec.index };
  else if (begin.type === 'keyword')
    spec.begin = { keyword: begin.spec.keyword, startFrom: begin.spec.startfrom };
  else spec.begin = 'unknown';
  if (find.type === 'range') {
    spec.find = { lastKey: find.spec.lastkey, step: find.spec.keystep, limit: find.spec.limit };
  } else if (find.type === 'keynum') {
    spec.find = { keynumIndex: find.spec.keynumidx, firstKey: find.spec.firstkey, step: find.spec.keystep };
  } else {
    spec.find = 'unknown';
  }
  return spec;
}

/** The first formula of a complexity note: `O(log(N)+M)`, `O(N)+O(M*log(M))`. What its letters stand for is prose. */
function bigO(text = '') {
  const one = String.raw`O\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)`;
  return new RegExp(`${one}(?:\\s*\\+\\s*${one})*`).exec(text)?.[0].replace(/\s+/g, ' ');
}

/** The words in backquotes of a note on what replaces a command: `SET NX`. */
function replacement(text = '') {
  const words = [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]);
  return words.length === 0 ? undefined : words.join(' ');
}

/**
 * A command's facts over several servers.
 *
 * @param name in capitals
 * @param servers as {@link serverTable} gives them
 * @param wanted the server whose grammar stands, where one is named
 */
export function mergeCommand(name, servers, wanted) {
  const having = servers.filter((server) => server.commands.has(name));
  // the newest Redis speaks where servers differ, Valkey for what only it has, unless the overlay names another
  const reference =
    having.find((server) => server.label === wanted) ??
    having.filter((server) => server.product === 'redis').at(-1) ??
    having.at(-1);
  const entry = reference.commands.get(name);
  const since = {};
  for (const { product, version, commands } of having) {
    // a module's commands do not say since when; the release that was asked is what is known
    since[product] ??= commands.get(name).docs.since ?? version.replace(/\.\d+$/, '.0');
  }
  const deprecated = {};
  for (const { product, commands } of having) {
    const { docs } = commands.get(name);
    if (docs.deprecated_since) deprecated[product] = docs.deprecated_since;
    else delete deprecated[product];
  }
  const differs = {};
  for (const server of having) {
    const other = server.commands.get(name);
    const difference = {};
    for (const field of ['arity', 'flags', 'acl', 'tips', 'keys']) {
      if (JSON.stringify(other[field]) !== JSON.stringify(entry[field])) difference[field] = other[field];
    }
    if (Object.keys(difference).length > 0) differs[server.label] = difference;
  }
  const byReplacement = having
    .map((server) => replacement(server.commands.get(name).docs.replaced_by))
    .find(Boolean);
  const grammar = mergeArguments(
    having.map((server) => ({ ...server, arguments: server.commands.get(name).docs.arguments ?? [] })),
    reference.label,
    wanted !== undefined,
  );
  return clean({
    since,
    servers: having.map((server) => server.label),
    group: entry.docs.group,
    module: entry.docs.module,
    deprecated:
      Object.keys(deprecated).length > 0 ? clean({ since: deprecated, use: byReplacement }) : undefined,
    complexity: having.map((server) => bigO(server.commands.get(name).docs.complexity)).findLast(Boolean),
    container: entry.container || undefined,
    arity: entry.arity,
    flags: entry.flags,
    acl: entry.acl,
    tips: entry.tips,
    keys: entry.keys,
    arguments: grammar,
    differs: Object.keys(differs).length > 0 ? differs : undefined,
  });
}

/** Without what says nothing. */
function clean(record) {
  return Object.fromEntries(
    Object.entries(record).filter(
      ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
    ),
  );
}
