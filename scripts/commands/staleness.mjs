const SHOWN = 10;

/**
 * What is stale in a table of commands, in words; null where nothing is. Another patch release that says the same of its
 * commands makes nothing stale: servers are renewed under a repository that stands still.
 *
 * @param kept the table in the repository
 * @param read the same as the servers of today tell it
 */
export function staleness(kept, read) {
  const releases = (table) => Object.keys(table.servers).join(', ');
  if (releases(kept) !== releases(read))
    return `it was read from ${releases(kept)}, and these servers are ${releases(read)}`;
  const names = [...new Set([...Object.keys(kept.commands), ...Object.keys(read.commands)])].toSorted();
  const changed = names.filter(
    (name) => JSON.stringify(kept.commands[name]) !== JSON.stringify(read.commands[name]),
  );
  if (changed.length === 0) return null;
  const rest = changed.length > SHOWN ? ` and ${changed.length - SHOWN} more` : '';
  return `the servers say otherwise of ${changed.slice(0, SHOWN).join(', ')}${rest}`;
}
