/**
 * What is measured. `kind` names the way (measures/*.mjs), `needs` the one call a client must offer, `issue` one use
 * of it: the same closure for every client. `check` looks at one reply before anything is timed. `targets` are
 * what our client must reach: how many times better than the best peer in the same run, or `atMost` or `atLeast` in the
 * unit.
 */
import {
  CHANNELS,
  HASHES,
  KEY_LISTS,
  LARGE,
  LISTS,
  MEDIUM,
  MESSAGE,
  NOTHING,
  POOL_SIZE,
  SMALL,
} from './data.mjs';

const isOk = (reply) => reply === 'OK';

function get(name, title, { keys, values, valueSize }, callers, targets) {
  return {
    name,
    title,
    kind: 'load',
    needs: 'get',
    callers,
    valueSize,
    issue: (client, i) => client.get(keys[i % keys.length]),
    check: (reply) => reply === values[0],
    targets,
  };
}

function set(name, title, { keys, values, valueSize }, callers, targets) {
  return {
    name,
    title,
    kind: 'load',
    needs: 'set',
    callers,
    valueSize,
    issue: (client, i) => client.set(keys[i % keys.length], values[i % keys.length]),
    check: isOk,
    targets,
  };
}

/** Windows into the keys, made beforehand: the loops themselves build no arrays. */
function windowsOf(length) {
  return Array.from({ length: 100 }, (_, i) =>
    Array.from({ length }, (_unused, j) => SMALL.keys[(i * 37 + j) % SMALL.keys.length]),
  );
}

function pipeline(length, targets) {
  const windows = windowsOf(length);
  return {
    name: `pipeline-${length}`,
    title: `Explicit pipeline of ${length} GETs, 1 caller (per command)`,
    kind: 'load',
    needs: 'pipelineGet',
    callers: 1,
    commandsPerIssue: length,
    issue: (client, i) => client.pipelineGet(windows[i % windows.length]),
    check: (replies) => replies.length === length && String(replies[0]).includes(SMALL.values[0]),
    targets,
  };
}

function pipelineSpeedup(length, targets) {
  const windows = windowsOf(length);
  return {
    ...pipeline(length, targets),
    name: 'pipeline-speedup',
    title: `Pipelines of ${length} GETs beside ${length} GETs one by one, 1 caller`,
    kind: 'speedup',
    oneByOne: async (client, i) => {
      for (const key of windows[i % windows.length]) await client.get(key);
    },
  };
}

/** Where nobody waits for another, the target is what `use()` itself may cost. */
function poolUse(callers, { title, plainly, plainCallers }) {
  return {
    name: `pool-use-${callers}`,
    title,
    kind: 'overhead',
    needs: 'poolGet',
    callers,
    issue: (client, i) => client.poolGet(SMALL.keys[i % 1000]),
    plainly,
    plainCallers,
    check: (reply) => reply === SMALL.values[0],
    targets: callers > POOL_SIZE ? undefined : { overhead: { atMost: 3 } },
  };
}

/** What `telemetry` adds to a GET: by the module's client, or (`bareSpanGet`) the SDK's own part in it. */
function observing(
  name,
  title,
  { call = 'observedGet', traces = false, metrics = false, sampled = true, atMost },
) {
  return {
    name,
    title: `${title}, 200 callers, beside GET on a client that nobody observes`,
    kind: 'overhead',
    needs: call,
    telemetry: { traces, metrics, sampled },
    callers: 200,
    issue: (client, i) => client[call](SMALL.keys[i % 1000]),
    plainly: (client, i) => client.unobservedGet(SMALL.keys[i % 1000]),
    plainCallers: 200,
    check: (reply) => reply === SMALL.values[0],
    targets: atMost === undefined ? undefined : { overhead: { atMost } },
  };
}

/** The same where the keys are in many slots of several nodes. Targets: those of one server, less a fifth. */
function inCluster(scenario) {
  return { ...scenario, topology: 'cluster' };
}

const callersOf = (n) => (n === 1 ? '1 caller' : `${n} callers`);

const LEVELS = [1, 50, 200, 1000];

const GET_16B_TARGETS = {
  1: { cpu: 1.25, ops: 1.1 },
  50: { cpu: 2, p99: 1 },
  200: { cpu: 2.5, ops: 2.5, p99: 1 },
  1000: { cpu: 4 },
};
const GET_1K_TARGETS = { 200: { cpu: 2.8 } };
const SET_16B_TARGETS = { 200: { cpu: 2.5 } };
const SET_1K_TARGETS = { 200: { cpu: 3 } };

export const SCENARIOS = [
  ...LEVELS.map((n) => get(`get-16b-${n}`, `GET 16 B, ${callersOf(n)}`, SMALL, n, GET_16B_TARGETS[n])),
  ...LEVELS.map((n) => get(`get-1k-${n}`, `GET 1 KiB, ${callersOf(n)}`, MEDIUM, n, GET_1K_TARGETS[n])),
  ...LEVELS.map((n) => set(`set-16b-${n}`, `SET 16 B, ${callersOf(n)}`, SMALL, n, SET_16B_TARGETS[n])),
  ...LEVELS.map((n) => set(`set-1k-${n}`, `SET 1 KiB, ${callersOf(n)}`, MEDIUM, n, SET_1K_TARGETS[n])),
  {
    name: 'mix-200',
    title: '80 % GET, 20 % SET of 16 B, 200 callers',
    kind: 'load',
    needs: 'get',
    callers: 200,
    issue: (client, i) => {
      const { keys, values } = SMALL;
      return i % 5 === 4 ? client.set(keys[i % 1000], values[i % 1000]) : client.get(keys[i % 1000]);
    },
    check: (reply) => reply === SMALL.values[0],
    targets: { cpu: 2.5, ops: 2.5 },
  },
  pipeline(100, { cpu: 2.4 }),
  pipeline(1000, { cpu: 4 }),
  pipelineSpeedup(100, { speedup: { atLeast: 20 } }),
  poolUse(1, {
    title: 'pool.use() with a GET, 1 caller, beside GET on a client',
    plainly: (client, i) => client.get(SMALL.keys[i % 1000]),
    plainCallers: 1,
  }),
  ...[POOL_SIZE, POOL_SIZE * 5].map((callers) =>
    poolUse(callers, {
      title: `pool.use() with a GET, ${callers} callers of ${POOL_SIZE} connections, beside ${POOL_SIZE} callers of as many without a pool`,
      plainly: (client, i) => client.heldGet(SMALL.keys[i % 1000]),
      plainCallers: POOL_SIZE,
    }),
  ),
  observing('telemetry-off', 'GET of the module, telemetry off', { traces: false, atMost: 0.3 }),
  observing('metrics', 'GET with metrics, collected every second', { metrics: true }),
  observing('traces', 'GET with traces, exporter that drops them', { traces: true, atMost: 3 }),
  observing('traces-unsampled', 'GET with traces, of which the sampler wants none', {
    traces: true,
    sampled: false,
  }),
  observing('span-alone', 'GET and a bare span of the same attributes (the SDK alone)', {
    traces: false,
    call: 'bareSpanGet',
  }),
  inCluster(
    get('cluster-get-200', `GET 16 B, 200 callers, cluster of 3 masters`, SMALL, 200, {
      cpu: 2,
      ops: 2,
    }),
  ),
  inCluster(set('cluster-set-200', `SET 16 B, 200 callers, cluster of 3 masters`, SMALL, 200, { cpu: 2 })),
  inCluster({
    ...pipeline(100, { cpu: 1.92 }),
    name: 'cluster-pipeline-100',
    title: 'Explicit pipeline of 100 GETs in many slots, 1 caller, cluster of 3 masters (per command)',
  }),
  {
    name: 'transaction',
    title: 'MULTI, SET, GET, EXEC of 16 B, 50 callers (per transaction)',
    kind: 'load',
    needs: 'transaction',
    callers: 50,
    issue: (client, i) => client.transaction(SMALL.keys[i % 1000], SMALL.values[i % 1000]),
    check: (replies) => JSON.stringify(replies).includes(SMALL.values[0]),
  },
  {
    name: 'blocking-latency',
    title: 'GET 16 B, 10 callers, beside 50 BLPOP that wait (on the same client, where it can)',
    kind: 'beside',
    needs: 'block',
    callers: 10,
    waiting: 50,
    key: NOTHING,
    issue: (client, i) => client.get(SMALL.keys[i % 1000]),
    check: (reply) => reply === SMALL.values[0],
  },
  {
    name: 'mget-100',
    title: 'MGET of 100 x 16 B, 10 callers',
    kind: 'load',
    needs: 'mget',
    callers: 10,
    issue: (client, i) => client.mget(KEY_LISTS[i % KEY_LISTS.length]),
    check: (reply) => reply.length === 100 && reply[99] === SMALL.values[99],
    targets: { cpu: 2 },
  },
  {
    name: 'hgetall-100',
    title: 'HGETALL of 100 fields x 16 B, 10 callers',
    kind: 'load',
    needs: 'hgetall',
    callers: 10,
    issue: (client, i) => client.hgetall(HASHES.keys[i % HASHES.keys.length]),
    // valkey-glide gives a list of { field, value }: its users' own way, so it stays.
    check: (reply) => {
      const record = Array.isArray(reply)
        ? Object.fromEntries(reply.map(({ field, value }) => [field, value]))
        : reply;
      return Object.keys(record).length === 100 && record[HASHES.fields[99]] === HASHES.values[99];
    },
    targets: { cpu: 2.3 },
  },
  {
    name: 'lrange-1000',
    title: 'LRANGE of 1000 x 16 B, 10 callers',
    kind: 'load',
    needs: 'lrange',
    callers: 10,
    issue: (client, i) => client.lrange(LISTS.keys[i % LISTS.keys.length], 0, -1),
    check: (reply) => reply.length === 1000 && reply[999] === LISTS.elements[999],
    targets: { cpu: 4 },
  },
  get('get-1m', 'GET 1 MiB, 4 callers', LARGE, 4, { cpu: 2.5 }),
  set('set-1m', 'SET 1 MiB, 4 callers', LARGE, 4, { cpu: 2.3 }),
  {
    name: 'refused-200',
    title: 'LRANGE of a text: refused as WRONGTYPE, 200 callers',
    kind: 'load',
    needs: 'refused',
    callers: 200,
    issue: (client, i) => client.refused(SMALL.keys[i % 1000]),
    check: (reply) => reply instanceof Error && reply.message.includes('WRONGTYPE'),
  },
  {
    name: 'pubsub',
    title: `Pub/sub fan-in: one subscriber, ${CHANNELS.length} channels, 32 B messages (per message)`,
    kind: 'pubsub',
    needs: 'subscribe',
    channels: CHANNELS,
    message: MESSAGE,
    targets: { cpu: 1.7 },
  },
  {
    name: 'memory',
    title: 'Memory of 100,000 GETs in flight',
    kind: 'memory',
    needs: 'get',
    count: 100_000,
    issue: (client, i) => client.get(SMALL.keys[i % 1000]),
    targets: { heap: { atMost: 400 } },
  },
  {
    name: 'startup',
    title: 'Import the package; connect and get the first reply',
    kind: 'startup',
    needs: 'get',
    // A process imports once, so each value is the median of several processes.
    processes: 5,
    issue: (client) => client.get(SMALL.keys[0]),
    targets: { import: { atMost: 10 } },
  },
];
