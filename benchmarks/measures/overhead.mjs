/**
 * What a way of calling costs above the command itself: the CPU of both, one after the other in one process, so that the
 * machine is as fast for the one as for the other.
 */
import { load } from './load.mjs';

export async function overhead({ scenario, client, limits }) {
  const { issue, callers, plainly, plainCallers } = scenario;
  const plain = await load({ scenario: { issue: plainly, callers: plainCallers }, client, limits });
  const whole = await load({ scenario: { issue, callers }, client, limits });
  return { overhead: whole.cpu - plain.cpu, cpu: whole.cpu, plain: plain.cpu, ops: whole.ops };
}
