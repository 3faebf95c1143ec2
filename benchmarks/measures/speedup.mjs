/**
 * What a pipeline is worth: the same commands by one caller, each awaited before the next, then in pipelines. Both in one
 * process, so that the machine is as fast for the one as for the other.
 */
import { load } from './load.mjs';

export async function speedup({ scenario, client, limits }) {
  const one = { callers: 1, commandsPerIssue: scenario.commandsPerIssue };
  const awaited = await load({ scenario: { ...one, issue: scenario.oneByOne }, client, limits });
  const pipelined = await load({ scenario: { ...one, issue: scenario.issue }, client, limits });
  return { speedup: pipelined.ops / awaited.ops, pipelined: pipelined.ops, awaited: awaited.ops };
}
