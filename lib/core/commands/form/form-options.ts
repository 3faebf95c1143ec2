import { describe, isRecord } from './form-call.js';
import { isPresent, listed, type FormPart } from './form-part.js';
import { writeInside } from './slots.js';

const NO_SLOTS: FormPart['slots'] = [];

/** An option that comes with a word: `NX` by `nx: true`. */
export function flag(token: string, option = optionName(token)): FormPart {
  return optional(option, (call) => {
    if (call.options[option] !== true)
      throw call.refusal(`option \`${option}\` must be true or false, not ${describe(call.options[option])}`);
    call.words.push(token);
  });
}

/** A word and a value: `EX 10` by `ex: 10`. */
export function value(token: string, option = optionName(token)): FormPart {
  return optional(option, (call) => {
    call.words.push(token);
    call.addOption(option);
  });
}

/** A value without a word before it. */
export function named(option: string): FormPart {
  return optional(option, (call) => call.addOption(option));
}

/** A word and one value or several: `WEIGHTS 1 2` by `weights: [1, 2]`. */
export function values(token: string, option = optionName(token)): FormPart {
  return optional(option, (call) => {
    const list = call.optionList(option);
    call.words.push(token);
    for (const item of list) call.addOption(option, item);
  });
}

/** The word again before each value: `GET a GET b` by `get: ['a', 'b']`. */
export function each(token: string, option = optionName(token)): FormPart {
  return optional(option, (call) => {
    for (const item of call.optionList(option)) {
      call.words.push(token);
      call.addOption(option, item);
    }
  });
}

/** A word and so many values: `LIMIT 0 10` by `limit: [0, 10]`. */
export function tuple(token: string, size: number, option = optionName(token)): FormPart {
  return optional(option, (call) => {
    const list = call.options[option];
    if (!Array.isArray(list) || list.length !== size)
      throw call.refusal(`option \`${option}\` must be a list of ${size} values, not ${describe(list)}`);
    call.words.push(token);
    for (const item of list) call.addOption(option, item);
  });
}

/** A word, how many groups follow, and the groups: `BYPOLYGON 3 …` by `bypolygon: [[1, 2], [3, 4], [5, 6]]`. */
export function tuples(token: string, size: number, option = optionName(token)): FormPart {
  return optional(option, (call) => {
    const list = call.optionList(option);
    call.words.push(token, list.length);
    for (const item of list) {
      if (!Array.isArray(item) || item.length !== size)
        throw call.refusal(`option \`${option}\` must be a list of lists of ${size} values`);
      for (const member of item) call.addOption(option, member);
    }
  });
}

/** A word and options of its own: `FILTERBY MODULE x` by `filterby: { module: 'x' }`. */
export function nested(token: string, part: FormPart, option = optionName(token)): FormPart {
  return optional(option, (call) => {
    const options = call.options[option];
    if (!isRecord(options))
      throw call.refusal(`option \`${option}\` must be an object, not ${describe(options)}`);
    call.words.push(token);
    writeInside(call, part, options);
  });
}

/** How a stream is cut: `MAXLEN ~ 1000 LIMIT 10` by `maxlen: { approx: true, threshold: 1000, limit: 10 }`, or `maxlen: 1000`. */
export function trim(token: string, option = optionName(token)): FormPart {
  const bag = block(
    maybe(oneOf(flag('~', 'approx'), flag('=', 'exact'))),
    named('threshold'),
    maybe(value('LIMIT')),
  );
  return optional(option, (call) => {
    const how = call.options[option];
    call.words.push(token);
    if (!isRecord(how)) {
      call.addOption(option);
      return;
    }
    if (how['threshold'] === undefined) throw call.refusal(`option \`${option}\` needs a \`threshold\``);
    writeInside(call, bag, how);
  });
}

/** Options of which at most one may be given. */
export function oneOf(...parts: FormPart[]): FormPart {
  return {
    slots: NO_SLOTS,
    options: optionsOf(parts),
    write: (call) => {
      const present = parts.filter((part) => isPresent(part, call));
      if (present.length > 1) {
        const given = present.flatMap((part) => part.options).filter((option) => call.has(option));
        throw call.refusal(`options ${listed(given, 'and')} exclude each other`);
      }
      present[0]?.write(call);
    },
  };
}

/** Options of which one must be given. */
export function exactlyOne(...parts: FormPart[]): FormPart {
  const choice = oneOf(...parts);
  return {
    ...choice,
    write: (call) => {
      if (!isPresent(choice, call))
        throw call.refusal(`one of the options ${listed(choice.options, 'or')} is needed`);
      choice.write(call);
    },
  };
}

/** Options that belong together: where one is given, all are needed that are not {@link maybe}. */
export function block(...parts: FormPart[]): FormPart {
  const options = optionsOf(parts);
  return {
    slots: NO_SLOTS,
    options,
    write: (call) => {
      if (!options.some((option) => call.has(option))) return;
      for (const part of parts) {
        if (part.optional !== true && !isPresent(part, call)) {
          const given = options.filter((option) => call.has(option));
          throw call.refusal(
            `with ${listed(given, 'and')} the option ${listed(part.options, 'or')} is needed`,
          );
        }
        part.write(call);
      }
    },
  };
}

/** A part of a {@link block} that may be left out. */
export function maybe(part: FormPart): FormPart {
  return { ...part, optional: true };
}

function optional(option: string, write: FormPart['write']): FormPart {
  return {
    slots: NO_SLOTS,
    options: [option],
    write: (call) => {
      if (call.has(option)) write(call);
    },
  };
}

function optionsOf(parts: readonly FormPart[]): readonly string[] {
  return parts.flatMap((part) => part.options);
}

/** `LIB-NAME` is `libName`. */
function optionName(token: string): string {
  return token.toLowerCase().replaceAll(/[_-]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
