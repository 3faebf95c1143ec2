import type { CommandSpec } from '../commands/command-spec.js';
import { dangerousCommands, KEYS } from '../commands/commands.generated.js';
import { RedisClientError } from '../errors.js';
import type { DangerousCommand, GuardOptions } from './guard-options.js';

interface Rule {
  readonly method: string;
  readonly action: 'warn' | 'deny';
}

/**
 * Stands before a client's dangerous commands. Knows a command by its name on the wire, however it was called: methods that
 * `defineCommands()` added have specs of their own.
 */
export class CommandGuard {
  private readonly rules = new Map<string, Rule>();

  constructor(options: GuardOptions) {
    const commands = dangerousCommands();
    for (const [method, action] of Object.entries(options)) {
      if (action === 'warn' || action === 'deny')
        this.rules.set(commands[method as DangerousCommand].name, { method, action });
    }
  }

  /**
   * Is the command denied? Warns of one that is to be warned of, the first time. To be asked before anything is sent.
   *
   * @returns what makes the error for the caller, or undefined where the command may go.
   */
  denies(spec: CommandSpec): (() => RedisClientError) | undefined {
    const rule = this.rules.get(spec.name);
    if (rule === undefined) return undefined;
    if (rule.action === 'deny') return () => denied(spec, rule.method);
    this.rules.delete(spec.name);
    process.emitWarning(warning(spec, rule.method), {
      type: 'RedisWarning',
      code: 'REDIS_DANGEROUS_COMMAND',
    });
    return undefined;
  }
}

function denied({ name }: CommandSpec, method: string): RedisClientError {
  const message = `${name} was not sent: the client's guard denies it. The option \`guard: { ${method}: 'allow' }\` lets it pass.`;
  return new RedisClientError('DENIED', message, { command: name });
}

function warning(spec: CommandSpec, method: string): string {
  const why =
    spec.name === KEYS.name
      ? 'KEYS looks at every key of the database, and the server serves nobody else meanwhile. Use scanIterator() instead.'
      : `${spec.name} is among the commands that servers class as dangerous.`;
  return `${why} The option \`guard: { ${method}: 'allow' }\` silences this warning, 'deny' refuses the command.`;
}
