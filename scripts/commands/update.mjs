/**
 * `npm run commands:update`: reads what live servers say of their commands (COMMAND DOCS, COMMAND INFO) and merges it
 * into `commands.json`.
 *
 *     node scripts/commands/update.mjs [--check] [--url redis://127.0.0.1:6379]...
 *
 * Without `--url` the servers of `scripts/servers` are obtained and started. The file holds facts: names, numbers, flags,
 * grammar. The servers' prose (summaries, notes, history) is theirs and stays there; `overlay.mjs` has our own words.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format } from './format.mjs';
import { overlay } from './overlay.mjs';
import { ServerConnection } from './resp.mjs';
import { mergeCommand, serverTable } from './server-facts.mjs';
import { startServers } from './servers.mjs';

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

const { values } = parseArgs({
  options: { url: { type: 'string', multiple: true }, check: { type: 'boolean', default: false } },
});
const started = values.url ? { urls: values.url, stop: async () => {} } : await startServers();
try {
  const servers = [];
  for (const url of started.urls) servers.push(await readServer(url));
  servers.sort((a, b) => a.label.localeCompare(b.label, 'en', { numeric: true }));
  const names = [...new Set(servers.flatMap((server) => [...server.commands.keys()]))].toSorted();
  const table = {
    servers: Object.fromEntries(servers.map((server) => [server.label, server.version])),
    commands: Object.fromEntries(
      names.map((name) => [name, mergeCommand(name, servers, overlay[name]?.grammarFrom)]),
    ),
  };
  const text = format(table);
  const counts = servers
    .map((server) => `${server.label} (${server.version}): ${server.commands.size}`)
    .join(', ');
  console.log(`${names.length} commands and subcommands; ${counts}`);
  if (values.check) {
    const same = (await readFile(FILE, 'utf8')) === text;
    console.log(
      same ? 'commands.json is up to date' : 'commands.json is stale: run `npm run commands:update`',
    );
    process.exitCode = same ? 0 : 1;
  } else {
    await writeFile(FILE, text);
  }
} finally {
  await started.stop();
}
