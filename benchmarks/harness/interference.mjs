/**
 * How much of the machine somebody else used during a run: the busy time of all cores, less the measured client, the
 * servers and ourselves. Counted from the client's start to its end, in cores (0.25: a quarter of one core).
 */
import { cpus } from 'node:os';

/** From here on a run is called disturbed in the report. */
export const DISTURBED = 0.25;

/**
 * @param connections to each of the servers
 * @returns a function that takes the CPU time of the measured processes and gives the cores that others used
 */
export async function watchOthers(connections) {
  const before = await snapshot(connections);
  return async (measured) => {
    const after = await snapshot(connections);
    const ours = measured + (after.server - before.server) + (after.harness - before.harness);
    return Math.max(0, (after.busy - before.busy - ours) / (after.time - before.time));
  };
}

/** All in milliseconds. */
async function snapshot(connections) {
  const infos = await Promise.all(connections.map((connection) => connection.send('INFO', 'cpu')));
  const secondsOf = (info, name) => Number(info.match(new RegExp(`^${name}:([\\d.]+)`, 'm'))?.[1] ?? 0);
  const seconds = (name) => infos.reduce((sum, info) => sum + secondsOf(info, name), 0);
  return {
    time: performance.now(),
    busy: cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0),
    server: (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1000,
    harness: totalMs(process.cpuUsage()),
  };
}

export const totalMs = ({ user, system }) => (user + system) / 1000;
