import { parseArgs } from 'node:util';
import { CLIENTS, findClient } from '../clients/index.mjs';
import { SCENARIOS } from '../scenarios.mjs';

export const USAGE = `Usage: npm run bench -- [scenario…] [options]

  scenario            a name or the start of names (get-16b, pubsub); all of them when none is given
  --rounds N          how often every client runs every scenario (3)
  --clients a,b       only these clients
  --subject NAME      the client that the ratios are about (redwire)
  --duration MS       the measured time of one run (1200)
  --warm-up MS        the load before it (600)
  --json FILE         writes every figure of every round as well
  --list              names the scenarios and the clients

REDIS_URL=redis://host:port uses that server (nobody else may be using it), otherwise one is started.`;

/** Past this many operations a run ends before its time. */
const MAX_OPERATIONS = 5_000_000;

export function readOptions(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '3' },
      clients: { type: 'string' },
      subject: { type: 'string', default: 'redwire' },
      duration: { type: 'string', default: '1200' },
      'warm-up': { type: 'string', default: '600' },
      json: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    help: values.help,
    list: values.list,
    json: values.json,
    rounds: positive('--rounds', values.rounds),
    scenarios: chooseScenarios(positionals),
    clients: values.clients ? values.clients.split(',').map((name) => findClient(name.trim())) : CLIENTS,
    subject: findClient(values.subject),
    limits: {
      duration: positive('--duration', values.duration),
      warmUp: positive('--warm-up', values['warm-up']),
      maxOperations: MAX_OPERATIONS,
    },
  };
}

function chooseScenarios(names) {
  if (names.length === 0) return SCENARIOS;
  for (const name of names) {
    if (!SCENARIOS.some((scenario) => matches(scenario, name))) {
      throw new Error(`No scenario starts with "${name}". --list names them.`);
    }
  }
  return SCENARIOS.filter((scenario) => names.some((name) => matches(scenario, name)));
}

/** 'get-16b-1' is that scenario alone; 'get-16b' is all that start so. */
function matches(scenario, name) {
  const isExact = SCENARIOS.some((candidate) => candidate.name === name);
  return isExact ? scenario.name === name : scenario.name.startsWith(name);
}

function positive(option, text) {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`${option} must be a whole number above 0, not "${text}".`);
}
