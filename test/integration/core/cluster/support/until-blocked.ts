import { eventually, type TestClusterNode } from '../../../../support/index.js';

/** How many connections of a node wait in that command. */
export async function countBlocked(node: TestClusterNode, command: string): Promise<number> {
  const list = String(await node.ask('CLIENT', 'LIST'));
  return list.split('\n').filter((line) => / flags=\w*b/.test(line) && line.includes(` cmd=${command} `))
    .length;
}

export async function untilBlocked(node: TestClusterNode, command: string, count = 1): Promise<void> {
  await eventually(async () => (await countBlocked(node, command)) === count);
}
