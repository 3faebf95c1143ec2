/** Measures this client beside its peers: see README.md for how to run it and how to read what it prints. */
import { writeFileSync } from 'node:fs';
import { CLIENTS } from './clients/index.mjs';
import { remove, store } from './data.mjs';
import { ControlConnection } from './harness/control-connection.mjs';
import { gatherFacts } from './harness/facts.mjs';
import { ensureInstalled } from './harness/install.mjs';
import { DISTURBED } from './harness/interference.mjs';
import { readOptions, USAGE } from './harness/options.mjs';
import { report } from './harness/report.mjs';
import { runRounds } from './harness/rounds.mjs';
import { startCluster } from './harness/cluster.mjs';
import { startServer } from './harness/server.mjs';
import { SCENARIOS } from './scenarios.mjs';

try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return console.log(USAGE);
  if (options.list) return list();

  options.clients = withoutUnbuilt(options.clients);
  ensureInstalled();
  const server = await startServer();
  let cluster;
  const stop = () => Promise.all([server.stop(), cluster?.stop()]);
  const onSignal = () => stop().finally(() => process.exit(1));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    const connection = await ControlConnection.open(server.address);
    await store(connection);
    const facts = await gatherFacts(connection, options.clients);
    if (options.scenarios.some(({ topology }) => topology === 'cluster')) cluster = await startCluster();
    const stages = { server: { addresses: [server.address], connections: [connection] }, cluster };
    const results = await runRounds(options, stages, progress(options));
    await remove(connection);
    connection.close();
    console.log(report({ facts, options, results }));
    if (options.json) writeFileSync(options.json, toJson({ facts, options, results }));
  } finally {
    await stop();
  }
}

function list() {
  for (const { name, title } of SCENARIOS) console.log(`${name.padEnd(16)} ${title}`);
  console.log('');
  for (const { name, label } of CLIENTS) console.log(`${name.padEnd(24)} ${label}`);
}

function withoutUnbuilt(clients) {
  const built = clients.filter((client) => client.isBuilt?.() ?? true);
  for (const client of clients) {
    if (!built.includes(client)) {
      console.error(
        `${client.label} is not built: run \`npm run build\` first. The others are measured without it.`,
      );
    }
  }
  if (built.length === 0) throw new Error('There is nothing to measure.');
  return built;
}

function progress({ rounds, scenarios, clients }) {
  const total = rounds * scenarios.length * clients.length;
  let done = 0;
  return ({ round, scenario, client, run }) => {
    const { cpu, ops } = run.metrics ?? {};
    let figures = cpu ? `${cpu.toFixed(2)} µs, ${Math.round(ops)}/s` : (run.reason ?? run.status);
    if (run.others >= DISTURBED) figures += ` (others used ${run.others.toFixed(2)} cores)`;
    console.error(`[${++done}/${total}] round ${round + 1} ${scenario.name} ${client.name}: ${figures}`);
  };
}

function toJson({ facts, options, results }) {
  const { rounds, limits, subject } = options;
  const scenarios = results.map(({ scenario, runs }) => ({
    name: scenario.name,
    title: scenario.title,
    targets: scenario.targets,
    clients: Object.fromEntries([...runs].map(([client, clientRuns]) => [client.name, clientRuns])),
  }));
  return `${JSON.stringify({ facts, rounds, limits, subject: subject.name, scenarios }, null, 2)}\n`;
}
