import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { keySlot } from '../../../../lib/core/cluster/slots/key-slot.js';
import { RedisClient } from '../../../../lib/core/index.js';
import {
  SERVER_KINDS,
  startCluster,
  type TestCluster,
  type TestClusterNode,
  TopologyWorkload,
} from '../../../support/index.js';

/** ms */
const LOAD_TIME = 10_000;
/** Slots that go to and fro. */
const SLOTS = 12;
/** Keys of each group that is read and written by one command. */
const GROUP = 40;

describe.each(SERVER_KINDS)('slots of %s that move under load', (kind) => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startCluster({
      kind,
      // on a busy machine a node may be silent for long: no master shall change here
      args: ['--cluster-node-timeout', '10000'],
    });
  });

  afterAll(async () => {
    await cluster.stop();
  });

  it('are no concern of any caller', async () => {
    await using client = new RedisClient({ cluster: { nodes: cluster.addresses.slice(0, 1) } });
    await using load = await TopologyWorkload.start(client);
    const tags = load.keys.slice(0, SLOTS / 2);
    const groups = new GroupLoad(client, tags);
    const slots = [...tags, ...load.keys.slice(1_000, 1_000 + SLOTS / 2)].map((key) => keySlot(key));
    const until = performance.now() + LOAD_TIME;
    let moves = 0;
    try {
      const masters = await cluster.masters();
      while (performance.now() < until) {
        await moveOn(
          cluster,
          slots[moves % slots.length]!,
          masters,
          kind === 'valkey-9.1' && moves % 2 === 1,
        );
        moves++;
      }
    } finally {
      await groups.stop();
      await load.stop();
    }
    const summary = await load.verify((key) => client.get(key));
    process.stderr.write(
      `${kind}: ${moves} moves, ${groups.rounds} rounds of groups: ${JSON.stringify(summary)}\n`,
    );
    expect(groups.faults).toEqual([]);
    expect(summary).toMatchObject({ errors: {}, violations: [], unsettled: 0, lost: 0 });
    expect(groups.rounds).toBeGreaterThan(10);
    // how many there is time for is the machine's affair
    expect(moves).toBeGreaterThan(2);
  }, 60_000);
});

/** To the next of the masters, in turn. */
async function moveOn(
  cluster: TestCluster,
  slot: number,
  masters: readonly TestClusterNode[],
  atomically: boolean,
): Promise<void> {
  const target = masters[(masters.indexOf(await cluster.masterOf(slot)) + 1) % masters.length]!;
  if (atomically) await cluster.migrateSlotsAtomically(slot, slot, target);
  // half of the keys of a group here and half there is what makes a server say TRYAGAIN
  else await cluster.moveSlot(slot, target, { onHalfWay: () => sleep(30) });
}

/** Writes and reads groups of keys, each group in one slot, by one command each, and by transactions that count their rounds. */
class GroupLoad {
  readonly faults: string[] = [];
  rounds = 0;
  private stopping = false;
  private readonly done: Promise<unknown>;

  constructor(
    private readonly client: RedisClient,
    tags: readonly string[],
  ) {
    this.done = Promise.all(tags.map((tag) => this.work(tag)));
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.done;
  }

  private async work(tag: string): Promise<void> {
    const keys = Array.from({ length: GROUP }, (_, index) => `{${tag}}${index}`);
    try {
      for (let round = 0; !this.stopping; round++) {
        await this.client.mset(Object.fromEntries(keys.map((key) => [key, `${key}=${round}`])));
        const values = await this.client.mget(keys);
        if (values.some((value, index) => value !== `${keys[index]}=${round}`))
          this.faults.push(`round ${round} of ${tag}: ${values.join(' ')}`);
        const results = await this.client.multi((tx) =>
          tx.incr(`{${tag}}0:count`).get(keys[0]!).get(keys[1]!),
        );
        const expected = [round + 1, `${keys[0]}=${round}`, `${keys[1]}=${round}`];
        if (results.some((result, index) => result !== expected[index]))
          this.faults.push(`multi() of round ${round} of ${tag}: ${results.join(' ')}`);
        this.rounds++;
        await sleep(5);
      }
    } catch (error) {
      this.faults.push(`${tag}: ${String(error)}`);
    }
  }
}
