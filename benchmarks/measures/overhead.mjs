/**
 * What a way of calling costs above the command itself: the CPU of both in one process, so that the machine is as fast for
 * the one as for the other. Both run once before: who comes first would pay for the compiling of what they share.
 */
import { load } from './load.mjs';

export async function overhead({ scenario, client, limits }) {
  const { issue, callers, plainly, plainCallers } = scenario;
  const measurePlain = () => load({ scenario: { issue: plainly, callers: plainCallers }, client, limits });
  const measureWhole = () => load({ scenario: { issue, callers }, client, limits });
  await measurePlain();
  await measureWhole();
  const plain = await measurePlain();
  const whole = await measureWhole();
  return { overhead: whole.cpu - plain.cpu, cpu: whole.cpu, plain: plain.cpu, ops: whole.ops };
}
