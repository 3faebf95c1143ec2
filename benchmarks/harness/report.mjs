/** The report, in markdown: the machine, one table a scenario, then the subject against the best peer of each. */
import { bestPeer, medianOf, ratioOf } from './compare.mjs';
import { DISTURBED } from './interference.mjs';
import { METRICS } from './metrics.mjs';
import { spread } from './stats.mjs';

export function report({ facts, options, results }) {
  return [
    ...describe(facts, options),
    ...disturbance(results),
    ...results.flatMap((result) => scenarioTable(result, options.subject)),
    ...targetTable(results, options.subject),
    ...failures(results),
  ].join('\n');
}

function describe(facts, { rounds, limits, subject, clients }) {
  const versions = Object.entries(facts.clients).map(([name, version]) => `${name} ${version}`);
  return [
    '# Benchmarks',
    '',
    `Node ${facts.node}, ${facts.server}, ${facts.cpu}, ${facts.memory}, ${facts.system}; load at start ${facts.loadAtStart}.`,
    `${versions.join(', ')}.`,
    '',
    `${plural(rounds, 'round')}, ${limits.duration} ms each after ${limits.warmUp} ms of warm-up; figures are medians.`,
    ...(clients.includes(subject)
      ? [`A ratio says how many times better ${subject.label} was, round by round: median (least–most).`]
      : []),
    '',
  ];
}

/** Who reads the figures must know whether the machine was ours alone. */
function disturbance(results) {
  const others = results
    .flatMap(({ runs }) => [...runs.values()].flat())
    .map((run) => run.others)
    .filter(Number.isFinite);
  if (others.length === 0) return [];
  const { median, max } = spread(others);
  const disturbed = others.filter((share) => share >= DISTURBED).length;
  return [
    `Other processes used ${median.toFixed(2)} cores meanwhile (median; at most ${max.toFixed(2)}). ` +
      `${disturbed} of ${plural(others.length, 'run')} had more than ${DISTURBED} cores taken away.`,
    '',
  ];
}

function scenarioTable(result, subject) {
  const metrics = METRICS[result.scenario.kind];
  const subjectRuns = result.runs.get(subject);
  const hasRatios = subjectRuns?.some(({ status }) => status === 'ok') ?? false;
  const compared = hasRatios ? metrics.filter((metric) => metric.ratio) : [];

  const head = [
    'client',
    ...metrics.map(({ label }) => label),
    ...compared.map(({ ratio }) => `${ratio} ratio`),
  ];
  const rows = [...result.runs].map(([client, runs]) => {
    const problem = runs.every(({ status }) => status !== 'ok') ? runs[0].status : null;
    return [
      client === subject ? `**${client.label}**` : client.label,
      ...metrics.map((metric) => problem ?? number(medianOf(runs, metric))),
      ...compared.map((metric) => (client === subject ? '' : ratio(ratioOf(subjectRuns, runs, metric)))),
    ];
  });
  return [`## ${result.scenario.title}`, '', `\`${result.scenario.name}\``, '', ...table(head, rows), ''];
}

/** Every target there is, and whether it was met in this run. */
function targetTable(results, subject) {
  if (subject.role !== 'ours') return [];
  const rows = results.flatMap((result) =>
    Object.entries(result.scenario.targets ?? {}).map(([name, target]) => {
      const metric = METRICS[result.scenario.kind].find((candidate) => candidate.name === name);
      return targetRow(result, metric, target, subject);
    }),
  );
  if (rows.length === 0 || !results.some(({ runs }) => runs.has(subject))) return [];
  const head = ['scenario', 'metric', subject.label, 'best peer', '', 'ratio', 'target', 'met'];
  return ['## Targets', '', ...table(head, rows), ''];
}

function targetRow(result, metric, target, subject) {
  const subjectRuns = result.runs.get(subject) ?? [];
  const mine = medianOf(subjectRuns, metric);
  const peer = bestPeer(result, metric, subject);
  const reached = peer ? ratioOf(subjectRuns, result.runs.get(peer.client), metric) : null;
  const isAbsolute = typeof target === 'object';
  const { atMost = Infinity, atLeast = -Infinity } = isAbsolute ? target : {};
  const isMet = isAbsolute ? mine !== null && mine <= atMost && mine >= atLeast : reached?.median >= target;
  const isKnown = isAbsolute ? mine !== null : reached !== null;
  return [
    result.scenario.name,
    metric.label,
    number(mine),
    peer?.client.label ?? '',
    number(peer?.value ?? null),
    ratio(reached),
    targetText(target),
    isKnown ? (isMet ? 'yes' : '**no**') : '–',
  ];
}

function targetText(target) {
  if (target.atMost !== undefined) return `at most ${target.atMost}`;
  return target.atLeast === undefined ? `${target}x` : `at least ${target.atLeast}`;
}

function failures(results) {
  const lines = results.flatMap(({ scenario, runs }) =>
    [...runs].flatMap(([client, clientRuns]) =>
      clientRuns
        .filter(({ reason }) => reason)
        .map(({ reason }) => `- ${scenario.name}, ${client.label}: ${reason.replaceAll(/\s+/g, ' ')}`),
    ),
  );
  return lines.length === 0 ? [] : ['## Failures', '', ...new Set(lines), ''];
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_cell, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)];
}

function number(value) {
  if (value === null) return '–';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function ratio(value) {
  if (value === null) return '–';
  return `${value.median.toFixed(2)}x (${value.min.toFixed(2)}–${value.max.toFixed(2)})`;
}

const plural = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;
