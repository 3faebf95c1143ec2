import { totalOf } from '../fault-proxy/index.js';
import type { RoundReport } from './round.js';

/** The counts of a round, in a few lines. */
export function describeRound(title: string, report: RoundReport): string {
  const { commands, faults, outcomes, clients, connections, messages, gaps, handed, time } = report;
  return [
    `[faults] ${title}: ${commands} commands, ${totalOf(faults)} faults in ${(time / 1_000).toFixed(1)} s;`,
    `  ${clients} clients, ${connections} connections, ${messages} messages (${gaps} gaps), ${handed} elements handed out;`,
    `  faults: ${listOf(faults)};`,
    `  outcomes: ${listOf(outcomes)}`,
  ].join('\n');
}

function listOf(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).filter(([, count]) => count > 0);
  return entries.map(([name, count]) => `${name} ${count}`).join(', ');
}
