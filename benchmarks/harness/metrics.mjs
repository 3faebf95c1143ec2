/** The columns of each kind of scenario, the one that decides first. `ratio` heads the column that compares with the subject. */
const cpu = { name: 'cpu', label: 'CPU µs/op', better: 'lower', ratio: 'CPU' };
const ops = { name: 'ops', label: 'ops/s', better: 'higher', ratio: 'ops/s' };

export const METRICS = {
  load: [
    cpu,
    ops,
    { name: 'p50', label: 'p50 µs', better: 'lower' },
    { name: 'p99', label: 'p99 µs', better: 'lower', ratio: 'p99' },
  ],
  speedup: [
    { name: 'speedup', label: 'times as fast', better: 'higher', ratio: 'speed-up' },
    { name: 'pipelined', label: 'pipelined ops/s', better: 'higher' },
    { name: 'awaited', label: 'one by one ops/s', better: 'higher' },
  ],
  overhead: [
    { name: 'overhead', label: 'CPU µs above the command', better: 'lower' },
    { ...cpu, ratio: undefined },
    { name: 'plain', label: 'CPU µs/command by itself', better: 'lower' },
    { ...ops, ratio: undefined },
  ],
  beside: [
    { name: 'p50', label: 'p50 µs beside', better: 'lower', ratio: 'p50' },
    { name: 'p50Alone', label: 'p50 µs alone', better: 'lower' },
    { name: 'p99', label: 'p99 µs beside', better: 'lower', ratio: 'p99' },
    { name: 'p99Alone', label: 'p99 µs alone', better: 'lower' },
    { name: 'added', label: 'p50 µs more', better: 'lower' },
  ],
  pubsub: [
    { ...cpu, label: 'CPU µs/message' },
    { ...ops, label: 'messages/s', ratio: 'messages/s' },
  ],
  memory: [
    { name: 'heap', label: 'heap B/command', better: 'lower', ratio: 'heap' },
    { name: 'rss', label: 'RSS B/command', better: 'lower' },
  ],
  startup: [
    { name: 'import', label: 'import ms', better: 'lower', ratio: 'import' },
    { name: 'connect', label: 'connect + first reply ms', better: 'lower', ratio: 'connect' },
  ],
};
