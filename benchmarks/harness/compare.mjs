import { median, spread } from './stats.mjs';

/** The values a client reached in a metric, one a round it ran; a round that failed is left out. */
export function valuesOf(runs, metric) {
  return runs.map((run) => run.metrics?.[metric.name]).filter((value) => Number.isFinite(value));
}

export function medianOf(runs, metric) {
  const values = valuesOf(runs, metric);
  return values.length === 0 ? null : median(values);
}

/**
 * How many times better the subject was than another, pair by pair: both runs of one round, then the median over the
 * rounds. A machine that is slow for a while is slow for both.
 */
export function ratioOf(subjectRuns, otherRuns, metric) {
  const ratios = subjectRuns.flatMap((run, round) => {
    const mine = run.metrics?.[metric.name];
    const theirs = otherRuns[round]?.metrics?.[metric.name];
    if (!(mine > 0) || !(theirs > 0)) return [];
    return [metric.better === 'lower' ? theirs / mine : mine / theirs];
  });
  return spread(ratios);
}

/** The peer with the best median in a metric: its own best setting counts, whichever that is. */
export function bestPeer({ runs }, metric, subject) {
  let best = null;
  for (const [client, clientRuns] of runs) {
    if (client.role !== 'peer' || client === subject) continue;
    const value = medianOf(clientRuns, metric);
    if (value === null) continue;
    const isBetter = metric.better === 'lower' ? value < best?.value : value > best?.value;
    if (best === null || isBetter) best = { client, value };
  }
  return best;
}
