/**
 * One grammar out of several servers'. Servers of different age name the same argument differently and group it
 * differently, so arguments are matched by what goes on the wire (token and kind), never by name. The reference server's
 * tree stands; what only another server knows is put where that server has it. `servers` on an argument names those that
 * take it where not all do, judged by tokens: a nameless argument that is grouped otherwise elsewhere is no difference.
 *
 * @param servers those that have the command: `{ label, product, arguments }`
 * @param referenceLabel whose tree stands
 * @param pinned whether the tree stands alone, without additions by others
 */
export function mergeArguments(servers, referenceLabel, pinned) {
  const reference = servers.find((server) => server.label === referenceLabel);
  const merged = reference.arguments.map((argument) => seed(argument, reference));
  const known = tokensOf(reference.arguments);
  for (const server of servers) {
    if (server === reference) continue;
    // an older release of the same product has nothing that the newer one lacks: only other names and groups
    const adds = !pinned && server.product !== reference.product;
    absorb(merged, server.arguments, server, adds ? known : null);
  }
  const tokens = new Map(servers.map((server) => [server.label, tokensOf(server.arguments)]));
  const all = servers.map((server) => server.label);
  return merged.map((argument) => finish(argument, all, tokens));
}

function tokensOf(grammar, tokens = new Set()) {
  for (const argument of grammar) {
    if (argument.token !== undefined) tokens.add(argument.token);
    tokensOf(argument.arguments ?? [], tokens);
  }
  return tokens;
}

function seed(argument, server) {
  return {
    argument,
    flags: new Set(argument.flags ?? []),
    since: argument.since ? { [server.product]: argument.since } : {},
    /** Servers that surely have it. */
    servers: new Set([server.label]),
    /** Servers that have it without documenting its parts. */
    opaque: new Set(),
    children: argument.arguments?.map((child) => seed(child, server)),
  };
}

const isContainer = (argument) => argument.type === 'block' || argument.type === 'oneof';
const isNamelessLeaf = (argument) => !isContainer(argument) && argument.token === undefined;
const isWordChoice = (argument) =>
  argument.type === 'oneof' && argument.arguments.every((child) => child.type === 'pure-token');

function matches(own, other) {
  if ((own.token ?? null) !== (other.token ?? null)) return false;
  if (own.type === other.type) {
    // two nameless groups are the same where they have a part in common
    if (!isContainer(own) || own.token) return true;
    return own.arguments.some((child) => other.arguments.some((candidate) => matches(child, candidate)));
  }
  if (own.type === 'pure-token' || other.type === 'pure-token') return false;
  if (own.token) return true;
  return (isNamelessLeaf(own) || isWordChoice(own)) && isNamelessLeaf(other);
}

/** `known`: the reference's tokens where additions are welcome, else null. */
function absorb(nodes, others, server, known) {
  let from = 0;
  for (const other of others) {
    const found = nodes.findIndex((node, index) => index >= from && matches(node.argument, other));
    if (found === -1) {
      if (known === null || !isAddition(other, known)) continue;
      nodes.splice(from, 0, seed(other, server));
      from += 1;
      continue;
    }
    const node = nodes[found];
    node.servers.add(server.label);
    for (const flag of other.flags ?? []) node.flags.add(flag);
    if (other.since) node.since[server.product] ??= other.since;
    if (node.children && other.arguments) absorb(node.children, other.arguments, server, known);
    else if (node.children) node.opaque.add(server.label);
    from = found + 1;
  }
}

/** What brings new tokens only is new; anything else is a regrouping of what is there. */
function isAddition(argument, known) {
  if (argument.token !== undefined) return !known.has(argument.token);
  const tokens = [...tokensOf([argument])];
  return tokens.length > 0 && tokens.every((token) => !known.has(token));
}

function finish(node, all, tokens) {
  const { argument, flags, since, opaque, children } = node;
  const versions = [...new Set(Object.values(since))];
  const result = { name: argument.name, type: argument.type };
  if (argument.token !== undefined) result.token = argument.token;
  if (flags.has('optional')) result.optional = true;
  if (flags.has('multiple')) result.multiple = true;
  if (flags.has('multiple_token')) result.multipleToken = true;
  if (argument.key_spec_index !== undefined) result.keySpec = argument.key_spec_index;
  if (versions.length > 0) result.since = versions.length === 1 ? versions[0] : since;
  if (argument.deprecated_since) result.deprecatedSince = argument.deprecated_since;
  const having = all.filter((label) => has(node, label, tokens));
  if (having.length < all.length) result.servers = having;
  // what a group says need not be said again inside it
  const judged = having.filter((label) => !opaque.has(label));
  if (children) result.arguments = children.map((child) => finish(child, judged, tokens));
  return result;
}

function has({ argument, servers, children }, label, tokens) {
  if (argument.token !== undefined) return tokens.get(label).has(argument.token);
  if (servers.has(label) || children === undefined) return true;
  if (argument.type === 'oneof') return children.some((child) => has(child, label, tokens));
  return children.every((child) => child.flags.has('optional') || has(child, label, tokens));
}
