import { isDeepStrictEqual } from 'node:util';
import type { RedisClient } from 'nestjs-redwire/core';
import { replyKinds } from '../../../scripts/commands/reply-kinds.mjs';
import { type CommandModel, declaredKind } from './commands.js';
import { exclusions } from './exclusions.js';
import { notesOf } from './notes/index.js';
import { type Sample, samplesOf, type Value } from './samples.js';
import { seed } from './seeds.js';
import { TypeChecker } from './type-check.js';
import { valuesOf } from './values.js';
import { comparable } from './volatile.js';
import type { World } from './world.js';

const checker = new TypeChecker([new URL('../../../lib/core/commands/reply-types.ts', import.meta.url)]);

export type Protocol = 2 | 3;

/** The ways in which a call is made: by both protocols, for text and for bytes. */
const WAYS: readonly { readonly protocol: Protocol; readonly text: 'string' | 'Buffer' }[] = [
  { protocol: 2, text: 'string' },
  { protocol: 3, text: 'string' },
  { protocol: 2, text: 'Buffer' },
  { protocol: 3, text: 'Buffer' },
];

/** What came of one command on one server. */
export interface Outcome {
  readonly calls: number;
  /** What is wrong, by the call it is wrong with. */
  readonly problems: Record<string, unknown>;
  /** Protocols over which every call went well. */
  readonly passed: readonly Protocol[];
}

/** A reply, or why there is none; `refused` where that was to be expected. */
interface Answer {
  readonly args: readonly Value[];
  readonly reply?: unknown;
  readonly problem?: string;
  readonly refused?: true;
}

/** Calls a command as its grammar says, over both protocols, for text and for bytes, each time with the same data. */
export class CommandRunner {
  private isSeeded = false;

  constructor(
    private readonly worlds: Readonly<Record<Protocol, World>>,
    private readonly needsSeeds = true,
  ) {}

  async run(command: CommandModel): Promise<Outcome> {
    const { server } = this.worlds[2];
    const problems: Record<string, unknown> = {};
    const failed = new Set<Protocol>();
    let saysSomething = false;
    const samples = callsOf(command, server);
    for (const sample of samples) {
      let first: Answer | undefined;
      for (const { protocol, text } of WAYS) {
        if (text === 'Buffer' && !mayHoldBytes(command, first!)) continue;
        const answer = await this.call(command, sample, this.worlds[protocol], text);
        first ??= answer;
        saysSomething ||= 'reply' in answer && !isEmpty(answer.reply);
        const problem = answer.refused ? undefined : problemOf(command, answer, first, text);
        if (problem === undefined) continue;
        failed.add(protocol);
        const call = [command.name, ...answer.args.map(String)].join(' ');
        problems[`RESP${protocol} ${text === 'Buffer' ? 'bytes of ' : ''}${call}`] = problem;
      }
    }
    const { empty } = notesOf(command);
    const isMute = (empty?.[server] ?? empty?.everywhere) !== undefined;
    if (failed.size === 0 && saysSomething === isMute && exclusions[command.name] === undefined) {
      problems[command.name] = saysSomething ? 'has replies that are not empty' : 'all replies are empty';
      failed.add(2).add(3);
    }
    return { calls: samples.length, problems, passed: ([2, 3] as const).filter((one) => !failed.has(one)) };
  }

  private async call(
    command: CommandModel,
    sample: Sample,
    world: World,
    text: 'string' | 'Buffer',
  ): Promise<Answer> {
    const { before, after } = notesOf(command);
    const refused = refusalOf(command, sample, world.server);
    let args: Value[] = [];
    try {
      if (this.needsSeeds && !this.isSeeded) await seed(world.helper, world.server);
      this.isSeeded = !command.flags.includes('WRITE');
      await before?.(world, sample.label);
      args = sample.arguments(valuesOf(command, world.facts));
      const reply = await callMethod(text === 'Buffer' ? world.client.buffers : world.client, command, args);
      if (refused === undefined) return { args, reply };
      return { args, problem: 'is accepted though it is noted as refused' };
    } catch (error) {
      const { message } = error as Error;
      return refused?.test(message) === true ? { args, refused: true } : { args, problem: message };
    } finally {
      await after?.(world, sample.label);
    }
  }
}

/** What is wrong with an answer: in itself, by its type, or because the first way was answered otherwise. */
function problemOf(command: CommandModel, answer: Answer, first: Answer, text: 'string' | 'Buffer'): unknown {
  if (answer.problem !== undefined) return answer.problem;
  const problem = checker.problemOf(declaredType(command, answer), answer.reply, text);
  if (problem !== undefined) return problem;
  if (first.problem !== undefined || answer === first) return undefined;
  const expected = comparable(command.name, asText(first.reply));
  const got = comparable(command.name, asText(answer.reply));
  return isDeepStrictEqual(got, expected) ? undefined : { got, expected };
}

function declaredType(command: CommandModel, { args }: Answer): string {
  return replyKinds[declaredKind(command, args) as keyof typeof replyKinds].type;
}

/** Not where a reply is numbers only, or a method that has no twin for bytes. */
function mayHoldBytes(command: CommandModel, first: Answer): boolean {
  if (command.method === null || first.refused || first.problem !== undefined) return false;
  return !/^(?:'OK'|number|null|[^\w'])+$/.test(declaredType(command, first));
}

function asText(reply: unknown): unknown {
  if (Buffer.isBuffer(reply)) return reply.toString();
  if (Array.isArray(reply)) return reply.map(asText);
  if (typeof reply !== 'object' || reply === null) return reply;
  return Object.fromEntries(Object.entries(reply).map(([name, value]) => [name, asText(value)]));
}

/** What the server has to answer where it is known to refuse. */
function refusalOf(command: CommandModel, { label }: Sample, server: string): RegExp | undefined {
  const refusal = notesOf(command).refused?.[label];
  const isHere = refusal !== undefined && (refusal.on === undefined || refusal.on.includes(server));
  return isHere ? refusal.answer : exclusions[command.name]?.refused;
}

export function callsOf(command: CommandModel, server: string): Sample[] {
  const { calls = [], callsOn = {}, onlyCalls, ...notes } = notesOf(command);
  const whole = [...calls, ...(callsOn[server] ?? [])].map((args) => ({
    label: args.join(' '),
    arguments: () => [...args],
  }));
  return onlyCalls ? whole : [...samplesOf(command, server, notes), ...whole];
}

type Methods = Record<string, (...args: unknown[]) => Promise<unknown>>;

function callMethod(
  client: RedisClient | RedisClient['buffers'],
  { name, method }: CommandModel,
  args: Value[],
): Promise<unknown> {
  if (method !== null) return (client as unknown as Methods)[method]!(...args);
  return (client as RedisClient).call(name, ...args);
}

function isEmpty(reply: unknown): boolean {
  if (reply === null || reply === '') return true;
  if (Array.isArray(reply))
    return reply.every((item) => (Array.isArray(item) || item === null) && isEmpty(item));
  return typeof reply === 'object' && !Buffer.isBuffer(reply) && Object.keys(reply).length === 0;
}
