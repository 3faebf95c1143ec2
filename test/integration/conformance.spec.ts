import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CommandModel, commandModels, withoutMethod } from '../support/conformance/commands.js';
import { calledByName, exclusions, testsByHand } from '../support/conformance/exclusions.js';
import { notes } from '../support/conformance/notes/index.js';
import { CommandRunner, type Protocol } from '../support/conformance/run.js';
import { type Stage, startStage } from '../support/conformance/start.js';
import { volatile } from '../support/conformance/volatile.js';
import { SERVER_KINDS } from '../support/index.js';

const models = await commandModels();

/** What the generated calls leave out. */
const isExcluded = ({ name }: CommandModel) =>
  (name in withoutMethod && !calledByName.includes(name)) ||
  (name in exclusions && exclusions[name]!.refused === undefined);

const isCalled = (model: CommandModel) => !model.container && !isExcluded(model);

it('lists hold commands that there are, and tests by hand', () => {
  const names = new Set(models.map(({ name }) => name));
  const lists = { ...exclusions, ...testsByHand, ...notes, ...volatile };
  expect([...Object.keys(lists), ...calledByName].filter((name) => !names.has(name))).toEqual([]);
  // a method takes a command off the list of those without one; a list that still has it is stale
  const withMethod = models.filter(({ name, method }) => name in withoutMethod && method !== null);
  expect(withMethod.map(({ name }) => name)).toEqual([]);
  const called = models.filter((model) => model.name in testsByHand && !isExcluded(model));
  expect(called.map(({ name }) => name)).toEqual([]);
  for (const path of Object.values(testsByHand)) {
    expect([path, existsSync(new URL(path, import.meta.url))]).toEqual([path, true]);
  }
});

describe.each(SERVER_KINDS)('%s', (kind) => {
  let alone: Stage;
  let cluster: Stage;
  const own = models.filter(({ facts }) => facts.servers.includes(kind));

  beforeAll(async () => {
    [alone, cluster] = await Promise.all([startStage(kind), startStage(kind, true)]);
  });

  afterAll(() => Promise.all([alone.stop(), cluster.stop()]));

  it('has the commands of commands.json and no other', () => {
    expect(own.map(({ name }) => name).toSorted()).toEqual([...alone.names].toSorted());
  });

  it('takes every call that the grammar makes, and answers as declared and alike over both protocols', async () => {
    const runner = new CommandRunner(alone.worlds);
    const clusterRunner = new CommandRunner(cluster.worlds, false);
    const called = own.filter(isCalled);
    const passed: Record<Protocol, number> = { 2: 0, 3: 0 };
    const problems: Record<string, unknown> = {};
    let calls = 0;
    let refused = 0;
    for (const command of called) {
      const outcome = await (command.name.startsWith('CLUSTER') ? clusterRunner : runner).run(command);
      calls += outcome.calls;
      if (command.name in exclusions) refused += 1;
      else for (const protocol of outcome.passed) passed[protocol]++;
      Object.assign(problems, outcome.problems);
    }
    const containers = own.filter(({ container, name }) => container && name !== 'COMMAND').length;
    for (const protocol of [2, 3] as const) {
      process.stderr.write(
        `${kind.padEnd(10)} RESP${protocol}: ${own.length} known (${containers} only hold others), ` +
          `${called.length} called in ${calls} ways, ${passed[protocol]} passed, ${refused} refused as they must be\n`,
      );
    }
    expect(problems).toEqual({});
    expect(called.length).toBeGreaterThan(300);
  }, 120_000);

  it('what has no method is refused by call(), too', async () => {
    const answers: Record<string, string> = {};
    for (const { name } of own.filter((model) => model.method === null && isExcluded(model))) {
      answers[name] = await alone.worlds[3].client.call(name).then(
        () => 'accepted',
        (error: Error) => `${error.name}: ${error.message}`,
      );
    }
    const accepted = Object.entries(answers).filter(
      ([, answer]) => !/^TypeError: .* was not sent/.test(answer),
    );
    expect(accepted).toEqual([]);
    expect(Object.keys(answers).length).toBeGreaterThan(20);
  });
});
