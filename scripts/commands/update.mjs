/**
 * `npm run commands:update`: reads what live servers say of their commands (COMMAND DOCS, COMMAND INFO) and merges it
 * into `commands.json`.
 *
 *     node scripts/commands/update.mjs [--check] [--url redis://127.0.0.1:6379]... [--file commands.json]
 *
 * Without `--url` the servers of `scripts/servers` are obtained and started. `--check` writes nothing and fails when the file
 * is stale; where a server cannot be had it says so loudly, and fails if `REDWIRE_REQUIRE` names it. The file holds facts: names, numbers, flags,
 * grammar. The servers' prose (summaries, notes, history) is theirs and stays there; `overlay.mjs` has our own words.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { announceAbsence, isRequired } from '../lib/absences.mjs';
import { format } from './format.mjs';
import { overlay } from './overlay.mjs';
import { ServerConnection } from './resp.mjs';
import { mergeCommand, serverTable } from './server-facts.mjs';
import { startServers } from './servers.mjs';
import { staleness } from './staleness.mjs';

const FILE = fileURLToPath(new URL('../../commands.json', import.meta.url));

/** Everything one server says of its commands. */
async function readServer(url) {
  const connection = await ServerConnection.open(url);
  try {
    const about = Object.fromEntries(
      (await connection.call('INFO', 'server')).split('\r\n').map((line) => line.split(/:(.*)/s, 2)),
    );
    return serverTable(
      about,
      await connection.call('COMMAND', 'DOCS'),
      await connection.call('COMMAND', 'INFO'),
    );
  } finally {
    connection.close();
  }
}

/** The table of all these servers, and how many commands each has. */
async function readTable(urls) {
  const servers = [];
  for (const url of urls) servers.push(await readServer(url));
  servers.sort((a, b) => a.label.localeCompare(b.label, 'en', { numeric: true }));
  const names = [...new Set(servers.flatMap((server) => [...server.commands.keys()]))].toSorted();
  const counts = servers.map(({ label, version, commands }) => `${label} (${version}): ${commands.size}`);
  console.log(`${names.length} commands and subcommands; ${counts.join(', ')}`);
  return {
    servers: Object.fromEntries(servers.map((server) => [server.label, server.version])),
    commands: Object.fromEntries(
      names.map((name) => [name, mergeCommand(name, servers, overlay[name]?.grammarFrom)]),
    ),
  };
}

async function check(table, file) {
  const stale = staleness(JSON.parse(await readFile(file, 'utf8')), table);
  if (stale === null) return console.log('commands.json is up to date');
  console.error(
    `commands.json is stale: ${stale}. Run \`npm run commands:update\` and commit what it writes.`,
  );
  process.exitCode = 1;
}

/** Half of the servers would make another table: without all of them nothing is written, and nothing can be checked. */
function tellMissing(missing, checking) {
  const kinds = Object.keys(missing);
  for (const kind of kinds) announceAbsence(`the facts of ${kind} in commands.json`, missing[kind]);
  if (checking && !isRequired('servers', ...kinds)) return;
  console.error(`commands.json needs all three servers; missing: ${kinds.join(', ')}.`);
  process.exitCode = 1;
}

const { values } = parseArgs({
  options: {
    url: { type: 'string', multiple: true },
    file: { type: 'string', default: FILE },
    check: { type: 'boolean', default: false },
  },
});
const started = values.url ? { urls: values.url, missing: {}, stop: async () => {} } : await startServers();
try {
  if (Object.keys(started.missing).length > 0) tellMissing(started.missing, values.check);
  else {
    const table = await readTable(started.urls);
    if (values.check) await check(table, values.file);
    else await writeFile(values.file, format(table));
  }
} finally {
  await started.stop();
}
