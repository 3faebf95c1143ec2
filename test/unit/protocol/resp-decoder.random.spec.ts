import { describe, expect, it } from '@jest/globals';
import RedisParser from 'redis-parser';
import { type Reply, ReplyError } from '../../../lib/core/protocol/reply.js';
import { newSeed, Random } from '../../support/random.js';
import { rounds } from './rounds.js';
import { assertSame, bulk, decode, show, type Told } from './wire.js';

const SEED = newSeed();

describe(`RespDecoder on random replies (REDWIRE_SEED=${SEED})`, () => {
  it('gives back every tree that was encoded, with attributes in between', () => {
    rounds(SEED, 4_000, (random) => {
      const sent: Told[] = [];
      let wire = '';
      for (let replies = 1 + random.below(4); replies > 0; replies--) {
        const [bytes, told] = randomReply(random);
        wire += bytes;
        sent.push(told);
      }
      const whole = Buffer.from(wire, 'utf8');
      assertSame(decode(whole).told, sent, () => show(wire));
      const cuts: number[] = [];
      for (let at = random.below(20); at < whole.length; at += 1 + random.below(20)) cuts.push(at);
      assertSame(decode(whole, { cuts }).told, sent, () => `cut: ${show(wire)}`);
    });
  });

  it('says of RESP2 what redis-parser says', () => {
    rounds(SEED, 3_000, (random) => {
      let text = '';
      for (let replies = 1 + random.below(8); replies > 0; replies--) text += randomResp2(random, 0);
      const wire = Buffer.from(text);
      const said: Told[] = [];
      const oracle = new RedisParser({
        returnReply: (reply: unknown) => said.push(['reply', fromOracle(reply)]),
        returnError: (error: Error) => said.push(['error', error.message]),
        returnFatalError: (error: Error) => {
          throw error;
        },
      });
      oracle.execute(Buffer.from(wire));
      assertSame(decode(wire).told, said, () => show(text));
      const cuts = [random.below(wire.length), wire.length - 1].toSorted((one, other) => one - other);
      assertSame(decode(wire, { cuts }).told, said, () => `cut at ${cuts.join()}: ${show(text)}`);
    });
  });

  it('has a seed to repeat a run by', () => {
    const [one, other] = [new Random(7), new Random(7)];
    expect(Array.from({ length: 5 }, () => one.below(100))).toEqual(
      Array.from({ length: 5 }, () => other.below(100)),
    );
  });
});

function fromOracle(reply: unknown): Reply {
  if (Array.isArray(reply)) return reply.map(fromOracle);
  if (reply instanceof Error) return new ReplyError(reply.message);
  return reply as Reply;
}

function randomText(random: Random): string {
  const pieces = [
    'a',
    'key',
    'value-of-some-length',
    '0',
    '\r\n',
    'é',
    '尺',
    '😀',
    ' ',
    '$3\r\n',
    '\0',
    'x'.repeat(300),
  ];
  let text = '';
  for (let n = random.below(6); n > 0; n--) text += random.pick(pieces);
  return text;
}

function randomLine(random: Random): string {
  return randomText(random).replaceAll(/[\r\n]/g, '_');
}

function randomResp2(random: Random, depth: number): string {
  switch (random.below(depth < 4 ? 9 : 7)) {
    case 0:
      return `+${randomLine(random)}\r\n`;
    case 1:
      return `-ERR ${randomLine(random)}\r\n`;
    case 2:
      return `:${random.below(2 ** 31) - 2 ** 30}\r\n`;
    case 3:
      return '$-1\r\n';
    case 4:
      return '*-1\r\n';
    case 5:
    case 6:
      return bulk(randomText(random));
    default: {
      const length = random.below(6);
      return `*${length}\r\n${Array.from({ length }, () => randomResp2(random, depth + 1)).join('')}`;
    }
  }
}

function randomReply(random: Random): [wire: string, told: Told] {
  const attribute = random.below(4) === 0 ? randomAttribute(random) : '';
  const kind = random.below(8);
  if (kind === 0) {
    const message = randomLine(random);
    return [`${attribute}-${message}\r\n`, ['error', message]];
  }
  if (kind === 1) {
    const [wires, items] = randomElements(random, 1);
    return [`${attribute}>${items.length + 1}\r\n+kind\r\n${wires.join('')}`, ['push', ['kind', ...items]]];
  }
  const [wire, value] = randomValue(random, 0);
  return [wire, value instanceof ReplyError ? ['error', value.message] : ['reply', value]];
}

function randomAttribute(random: Random): string {
  return `|1\r\n${randomValue(random, 3)[0]}${randomValue(random, 3)[0]}`;
}

function randomElements(random: Random, depth: number): [wires: string[], values: Reply[]] {
  const elements = Array.from({ length: random.below(5) }, () => randomValue(random, depth));
  return [elements.map(([wire]) => wire), elements.map(([, value]) => value)];
}

function randomValue(random: Random, depth: number): [wire: string, value: Reply] {
  const [wire, value] = randomBareValue(random, depth);
  return [random.below(12) === 0 && depth < 4 ? randomAttribute(random) + wire : wire, value];
}

function randomBareValue(random: Random, depth: number): [wire: string, value: Reply] {
  switch (random.below(depth < 4 ? 18 : 13)) {
    case 0: {
      const text = randomLine(random);
      return [`+${text}\r\n`, text];
    }
    case 1: {
      const text = randomText(random);
      return [`!${Buffer.byteLength(text)}\r\n${text}\r\n`, new ReplyError(text)];
    }
    case 2: {
      const integer = random.below(2 ** 32) - 2 ** 31;
      return [`:${integer}\r\n`, integer];
    }
    case 3: {
      const integer = BigInt(random.below(2 ** 31)) * 10n ** 10n + BigInt(random.below(2 ** 31));
      return [`:${integer}\r\n`, integer > BigInt(Number.MAX_SAFE_INTEGER) ? integer : Number(integer)];
    }
    case 4: {
      const big =
        BigInt(random.below(2 ** 31)) ** BigInt(random.below(9)) * (random.below(2) === 0 ? -1n : 1n);
      return [`(${big}\r\n`, big];
    }
    case 5: {
      const double = random.pick([
        random.next(),
        random.next() * 10 ** (random.below(600) - 300),
        -random.next() * 1000,
        Math.round(random.next() * 1e6) / 100,
        Infinity,
        -Infinity,
        NaN,
      ]);
      return [
        `,${Number.isFinite(double) ? double : String(double).replace('Infinity', 'inf').toLowerCase()}\r\n`,
        double,
      ];
    }
    case 6: {
      const value = random.below(2) === 0;
      return [value ? '#t\r\n' : '#f\r\n', value];
    }
    case 7:
      return [random.pick(['_\r\n', '$-1\r\n', '*-1\r\n']), null];
    case 8: {
      const text = randomText(random);
      return [`=${Buffer.byteLength(text) + 4}\r\n${random.pick(['txt', 'mkd'])}:${text}\r\n`, text];
    }
    case 9: {
      const text = Buffer.from(randomText(random));
      let wire = '$?\r\n';
      // latin1 would be cut anywhere; as the wire is put together as text, parts end with characters
      const characters = [...text.toString()];
      while (characters.length > 0) {
        const part = characters.splice(0, 1 + random.below(4)).join('');
        wire += `;${Buffer.byteLength(part)}\r\n${part}\r\n`;
      }
      return [`${wire};0\r\n`, text.toString()];
    }
    case 10:
    case 11:
    case 12: {
      const text = randomText(random);
      return [bulk(text), text];
    }
    case 13:
    case 14: {
      const [wires, values] = randomElements(random, depth + 1);
      const type = random.pick(['*', '~']);
      if (random.below(4) === 0) return [`${type}?\r\n${wires.join('')}.\r\n`, values];
      return [`${type}${values.length}\r\n${wires.join('')}`, values];
    }
    default:
      return randomMap(random, depth);
  }
}

function randomMap(random: Random, depth: number): [wire: string, value: Reply] {
  const value: Record<string, Reply> = {};
  let wire = '';
  let length = 0;
  for (let pairs = random.below(5); pairs > 0; pairs--) {
    const key = random.pick(['id', 'name', '__proto__', 'constructor', randomText(random)]);
    const [bytes, item] = randomValue(random, depth + 1);
    Object.defineProperty(value, key, { value: item, writable: true, enumerable: true, configurable: true });
    wire += bulk(key) + bytes;
    length++;
  }
  return [random.below(4) === 0 ? `%?\r\n${wire}.\r\n` : `%${length}\r\n${wire}`, value];
}
