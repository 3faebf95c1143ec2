/**
 * One grammar out of several servers'. Servers of different age name the same argument differently and group it
 * differently, so arguments are matched by what goes on the wire (token and kind), never by name. The reference server's
 * tree stands; what only another server knows is put where that server has it, marked with the servers that take it.
 */
export function mergeArguments(servers, referenceLabel, pinned) {
  const reference = servers.find((server) => server.label === referenceLabel);
  const merged = reference.arguments.map((argument) => seed(argument, reference));
  for (const server of servers) {
    if (server === reference) continue;
    // an older release of the same product has nothing that the newer one lacks: only other names and groups
    const adds = server.product !== reference.product && !pinned;
    absorb(merged, server.arguments, server, adds);
  }
  const all = servers.map((server) => server.label);
  return merged.map((argument) => finish(argument, all));
}

function seed(argument, server) {
  return {
    argument,
    flags: new Set(argument.flags ?? []),
    since: argument.since ? { [server.product]: argument.since } : {},
    servers: new Set([server.label]),
    children: argument.arguments?.map((child) => seed(child, server)),
  };
}

const isContainer = (argument) => argument.type === 'block' || argument.type === 'oneof';

function matches(node, other) {
  const own = node.argument;
  if ((own.token ?? null) !== (other.token ?? null)) return false;
  if (own.type === other.type) {
    // two nameless groups are the same where they begin the same
    if (!isContainer(own) || own.token) return true;
    return own.arguments.some((child) =>
      other.arguments.some((candidate) => matches({ argument: child }, candidate)),
    );
  }
  if (own.type === 'pure-token' || other.type === 'pure-token') return false;
  return Boolean(own.token) || (!isContainer(own) && !isContainer(other));
}

function absorb(nodes, others, server, adds) {
  let from = 0;
  for (const other of others) {
    const found = nodes.findIndex((node, index) => index >= from && matches(node, other));
    if (found === -1) {
      // a nameless argument that finds no partner is a regrouping, not an addition
      if (!adds || !(other.token || other.type === 'block')) continue;
      if (!isContainer(other) && !other.token) continue;
      nodes.splice(from, 0, seed(other, server));
      from += 1;
      continue;
    }
    const node = nodes[found];
    node.servers.add(server.label);
    for (const flag of other.flags ?? []) node.flags.add(flag);
    if (other.since) node.since[server.product] ??= other.since;
    if (node.children && other.arguments) absorb(node.children, other.arguments, server, adds);
    from = found + 1;
  }
}

function finish({ argument, flags, since, servers, children }, all) {
  const versions = [...new Set(Object.values(since))];
  const result = { name: argument.name, type: argument.type };
  if (argument.token !== undefined) result.token = argument.token;
  if (flags.has('optional')) result.optional = true;
  if (flags.has('multiple')) result.multiple = true;
  if (flags.has('multiple_token')) result.multipleToken = true;
  if (argument.key_spec_index !== undefined) result.keySpec = argument.key_spec_index;
  if (versions.length > 0) result.since = versions.length === 1 ? versions[0] : since;
  if (argument.deprecated_since) result.deprecatedSince = argument.deprecated_since;
  const having = all.filter((label) => servers.has(label));
  if (having.length < all.length) result.servers = having;
  if (children) {
    // what a group says need not be said again inside it
    result.arguments = children.map((child) => finish(child, having));
  }
  return result;
}
