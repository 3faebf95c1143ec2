/** One process, one client, one scenario: started by run.mjs, which it tells what came out. */
import { findClient } from './clients/index.mjs';
import { MEASURES } from './measures/index.mjs';
import { SCENARIOS } from './scenarios.mjs';

const job = JSON.parse(process.argv[2]);
const scenario = SCENARIOS.find(({ name }) => name === job.scenario);
const adapter = findClient(job.client);

// Nobody is left to tell.
process.once('disconnect', () => process.exit(1));

try {
  tell(await measure());
} catch (error) {
  tell({ status: 'failed', reason: `${error?.name}: ${error?.message}` });
}

async function measure() {
  const start = performance.now();
  const module = await adapter.load();
  const loaded = performance.now();
  const connect = scenario.topology === 'cluster' ? adapter.connectCluster : adapter.connect;
  if (connect === undefined) return { status: '–' };
  const [address] = job.addresses;
  const client = await connect(module, scenario.topology === 'cluster' ? job.addresses : address, scenario);
  if (typeof client[scenario.needs] !== 'function') return { status: adapter.whenMissing ?? '–' };
  if (scenario.check) await check(client);
  if (scenario.kind === 'startup') {
    await scenario.issue(client, 0);
    const metrics = { import: adapter.package ? loaded - start : null, connect: performance.now() - loaded };
    return { status: 'ok', metrics };
  }
  if ((scenario.kind === 'memory' || scenario.kind === 'speedup') && client.drive) return { status: '–' };
  const metrics = await MEASURES[scenario.kind]({
    scenario,
    client,
    address,
    limits: job.limits,
  });
  await client.close();
  return { status: 'ok', metrics };
}

/** A client that gives wrong values is not fast. Floors give none. */
async function check(client) {
  if (client.givesNoValues) return;
  const reply = await scenario.issue(client, 0);
  if (!scenario.check(reply)) {
    throw new Error(`wrong reply: ${JSON.stringify(reply)?.slice(0, 100)}`);
  }
}

function tell(message) {
  process.send({ ...message, cpu: process.cpuUsage() }, () => process.exit(0));
}
