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

/** What came of one command on one server. */
export interface Outcome {
  readonly calls: number;
  /** What is wrong, by the call it is wrong with. */
  readonly problems: Record<string, unknown>;
  /** Protocols over which every call went well. */
  readonly passed: readonly Protocol[];
}

/** Calls a command in every way that its grammar has, over both protocols, each time with the same data. */
export class CommandRunner {
  private isSeeded = false;

  constructor(
    private readonly worlds: Readonly<Record<Protocol, World>>,
    private readonly needsSeeds = true,
  ) {}

  async run(command: CommandModel): Promise<Outcome> {
    const problems: Record<string, unknown> = {};
    const failed = new Set<Protocol>();
    let saidSomething = false;
    const samples = callsOf(command, this.worlds[2].server);
    for (const sample of samples) {
      const replies: Partial<Record<Protocol, unknown>> = {};
      let call = '';
      for (const protocol of [2, 3] as const) {
        const fail = (problem: unknown) => {
          failed.add(protocol);
          problems[`RESP${protocol} ${call}`] = problem;
        };
        const world = this.worlds[protocol];
        let args;
        const refused = refusalOf(command, sample, world.server);
        try {
          await this.prepare(command, world, sample.label);
          args = sample.arguments(valuesOf(command, world.facts));
          call = `${command.name} ${args.map(String).join(' ')}`;
          replies[protocol] = await callMethod(world.client, command, args);
          if (refused !== undefined) fail('is accepted though it is noted as refused');
        } catch (error) {
          if (refused?.test((error as Error).message) !== true) fail((error as Error).message);
          continue;
        } finally {
          await notesOf(command).after?.(world, sample.label);
        }
        const reply = replies[protocol];
        saidSomething ||= !isEmpty(reply);
        const { type } = replyKinds[declaredKind(command, args) as keyof typeof replyKinds];
        const problem = checker.problemOf(type, reply);
        if (problem !== undefined) fail(problem);
      }
      const [two, three] = ([2, 3] as const).map((protocol) => comparable(command.name, replies[protocol]));
      if (2 in replies && 3 in replies && !isDeepStrictEqual(two, three)) {
        failed.add(2).add(3);
        problems[`both ${call}`] = { two, three };
      }
    }
    const { empty } = notesOf(command);
    const isMute = (empty?.[this.worlds[2].server] ?? empty?.everywhere) !== undefined;
    if (failed.size === 0 && saidSomething === isMute && exclusions[command.name] === undefined) {
      problems[command.name] = saidSomething ? 'has replies that are not empty' : 'all replies are empty';
      failed.add(2).add(3);
    }
    return { calls: samples.length, problems, passed: ([2, 3] as const).filter((one) => !failed.has(one)) };
  }

  private async prepare(command: CommandModel, world: World, label: string): Promise<void> {
    if (this.needsSeeds && !this.isSeeded) await seed(world.helper, world.server);
    this.isSeeded = !command.flags.includes('WRITE');
    await notesOf(command).before?.(world, label);
  }
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

function callMethod(client: RedisClient, { name, method }: CommandModel, args: Value[]): Promise<unknown> {
  return method === null ? client.call(name, ...args) : (client as unknown as Methods)[method]!(...args);
}

function isEmpty(reply: unknown): boolean {
  if (reply === null || reply === '') return true;
  if (Array.isArray(reply))
    return reply.every((item) => Array.isArray(item) || item === null) && reply.every(isEmpty);
  return typeof reply === 'object' && !Buffer.isBuffer(reply) && Object.keys(reply).length === 0;
}
