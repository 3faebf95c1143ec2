import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { CLAIMS } from '../../integration/commands/support/zset-stream.js';

interface Facts {
  group: string;
  servers: string[];
}

const { commands } = JSON.parse(readFileSync('commands.json', 'utf8')) as { commands: Record<string, Facts> };
const names = Object.keys(commands);

/** What a group has on any server, without the mere heads of subcommands (XGROUP). */
function commandsOf(group: string): string[] {
  return names.filter(
    (name) =>
      commands[name]!.group === group &&
      commands[name]!.servers.length > 0 &&
      !names.some((longer) => longer.startsWith(`${name} `)),
  );
}

describe('hand-written tests of commands', () => {
  it.each([
    ['sorted-set', ['sorted-sets', 'sorted-set-ranges']],
    ['stream', ['streams', 'stream-groups']],
    ['geo', ['geo']],
    ['pubsub', ['pubsub-commands']],
  ] as const)('the group %s is claimed whole, each command once', (group, files) => {
    const claimed = files.flatMap((file) => CLAIMS[file]);
    expect(claimed.toSorted()).toEqual(commandsOf(group).toSorted());
  });

  it.each(Object.keys(CLAIMS))('%s.spec.ts checks what it claims', (file) => {
    const source = readFileSync(`test/integration/commands/${file}.spec.ts`, 'utf8');
    expect(source).toContain(`describeCommands('${file}'`);
  });
});
