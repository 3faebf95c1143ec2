import type { CommandArgument } from './arguments.js';
import type { CommandSpec } from './command-spec.js';
import type { CommandForm } from './form/index.js';

/** What the generated methods of all commands stand on. */
export abstract class CommandMethods {
  /** Takes a command: a client sends it, a pipeline collects it. What it gives is what the method answers with. */
  protected abstract execute(spec: CommandSpec, args: CommandArgument[]): unknown;

  /** Answers a call whose options make no sense. */
  protected refuse(error: TypeError): unknown {
    return Promise.reject(error);
  }

  /** Executes a command whose arguments may come raw or with an object of options. */
  protected executeForm(spec: CommandSpec, form: CommandForm, args: unknown[]): unknown {
    if (args.length === form.plain) return this.execute(spec, args as CommandArgument[]);
    let words: CommandArgument[];
    try {
      words = form.arrange(spec.name, args);
    } catch (error) {
      return this.refuse(error as TypeError);
    }
    return this.execute(spec, words);
  }
}
