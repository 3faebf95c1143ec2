import type { Argument, CommandModel } from './commands.js';
import type { Facts } from './facts.js';
import { notesOf, type Given } from './notes/index.js';
import type { Place, Value, ValueOf } from './samples.js';
import { FAR, SCRIPT } from './seeds.js';

/** Values by the argument's name, good for most commands that have one of that name. */
const BY_NAME: Readonly<Record<string, Given>> = {
  ...spread('member member1 field element pivot', ['a', 'b', 'c']),
  member2: 'b',
  ...spread('start offset cursor min', '0'),
  ...spread('stop end', '-1'),
  max: '10',
  ...spread('value comparison-value message', 'text'),
  ...spread('count limit increment decrement num-matches', '2'),
  rank: '1',
  index: '0',
  score: ['1.5', '2.5'],
  weight: ['2', '3'],
  longitude: ['13', '14', '14'],
  latitude: ['37', '37', '38'],
  radius: '500000',
  ...spread('width height', '1000000'),
  group: 'group',
  consumer: 'consumer',
  id: ['1-1', '2-1'],
  pattern: '*',
  'unix-time-seconds': String(FAR),
  'unix-time-milliseconds': `${FAR}000`,
  seconds: '100000',
  milliseconds: '100000000',
  timeout: '0.05',
  ...spread('destination-db db', '1'),
  ...spread('username', 'default'),
  ...spread('channel shardchannel', ['channel', 'channel2']),
  script: SCRIPT,
  function: 'echo',
  sha1: (_, facts) => facts.sha,
  'client-id': (_, facts) => facts.clientId,
  'node-id': (_, facts) => facts.nodeId,
  arg: ['x', 'y'],
  host: '127.0.0.1',
  ip: '127.0.0.1',
  port: (_, facts) => facts.deadPort,
  slot: ['0', '1'],
  'start-slot': ['0', '10'],
  'end-slot': ['1', '11'],
};

function spread(names: string, given: Given): Record<string, Given> {
  return Object.fromEntries(names.split(' ').map((name) => [name, given]));
}

/** Arguments that name a key which is not there yet. */
const NEW_KEYS = new Set(['destination', 'destkey', 'dst', 'newkey', 'storekey', 'storedistkey']);

/** The values of a command's arguments. */
export function valuesOf(command: CommandModel, facts: Facts): ValueOf {
  const own = notesOf(command).values ?? {};
  return (argument, place) => {
    const given = own[argument.token ?? ''] ?? own[argument.name] ?? defaultOf(command, argument, place);
    if (given === undefined) throw new Error(`${command.name}: no value for ${argument.name}`);
    return resolve(given, place, facts);
  };
}

function resolve(given: Given, place: Place, facts: Facts): Value {
  if (typeof given === 'function') return given(place, facts);
  if (Array.isArray(given)) return given[Math.min(place.repetition, given.length - 1)]!;
  return given as Value;
}

function defaultOf({ facts }: CommandModel, argument: Argument, place: Place): Given | undefined {
  if (argument.type !== 'key') return BY_NAME[argument.name];
  if (NEW_KEYS.has(argument.name)) return 'new';
  const isKeyless =
    facts.group === 'generic' || facts.group === 'scripting' || facts.group === 'transactions';
  const first = isKeyless || facts.group === 'server' ? 'string' : (facts.group ?? 'string');
  return place.repetition === 0 && argument.name !== 'key2' ? first : `${first}2`;
}
