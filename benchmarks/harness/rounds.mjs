/** Runs every client through every scenario, interleaved, each run in a process of its own. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { totalMs, watchOthers } from './interference.mjs';
import { median } from './stats.mjs';

const CHILD = fileURLToPath(new URL('../measure.mjs', import.meta.url));
/** Connecting, closing and weighing come on top of warm-up and measuring. */
const GRACE = 30_000;
/** How much of a failing child's complaints is kept. */
const ERROR_TAIL = 400;

/**
 * @param stages the addresses of the servers, and connections to them: of the one, and of the cluster where a scenario needs it
 * @returns {Promise<Array<{ scenario, runs: Map<client, Array<{ status, metrics?, reason?, others? }>> }>>} one run a
 * round; `others` are the cores that other processes used meanwhile
 */
export async function runRounds({ scenarios, clients, rounds, limits }, { server, cluster }, onProgress) {
  const results = scenarios.map((scenario) => ({
    scenario,
    runs: new Map(clients.map((client) => [client, []])),
  }));
  for (let round = 0; round < rounds; round++) {
    for (const { scenario, runs } of results) {
      // Each round begins with another client, so that none is always the first or after the same one.
      const shift = (round * 3) % clients.length;
      for (const client of [...clients.slice(shift), ...clients.slice(0, shift)]) {
        const { addresses, connections } = scenario.topology === 'cluster' ? cluster : server;
        const others = await watchOthers(connections);
        const { measuredCpu, ...run } = await measure(scenario, client, limits, addresses);
        if (run.status === 'ok') run.others = await others(measuredCpu);
        runs.get(client).push(run);
        onProgress({ round, scenario, client, run });
      }
    }
  }
  return results;
}

async function measure(scenario, client, limits, addresses) {
  const runs = [];
  for (let n = 0; n < (scenario.processes ?? 1); n++) {
    const run = await inChild({ scenario: scenario.name, client: client.name, limits, addresses });
    if (run.status !== 'ok') return run;
    runs.push(run);
  }
  const names = Object.keys(runs[0].metrics);
  const medianOf = (name) => {
    const values = runs.map(({ metrics }) => metrics[name]);
    return values.includes(null) ? null : median(values);
  };
  return {
    status: 'ok',
    metrics: Object.fromEntries(names.map((name) => [name, medianOf(name)])),
    measuredCpu: runs.reduce((sum, { cpu }) => sum + totalMs(cpu), 0),
  };
}

function inChild(job) {
  return new Promise((resolve) => {
    const child = fork(CHILD, [JSON.stringify(job)], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let outcome;
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      complaints = (complaints + text).slice(-ERROR_TAIL);
    });
    const deadline = setTimeout(
      () => {
        outcome ??= { status: 'failed', reason: 'no result in time' };
        child.kill('SIGKILL');
      },
      job.limits.warmUp + job.limits.duration + GRACE,
    );
    child.once('message', (message) => {
      outcome ??= message;
    });
    child.once('close', (code, signal) => {
      clearTimeout(deadline);
      resolve(outcome ?? { status: 'failed', reason: `ended with ${signal ?? code}: ${complaints.trim()}` });
    });
  });
}
