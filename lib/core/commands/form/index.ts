export * from './command-form.js';
export {
  each,
  block,
  exactlyOne,
  flag,
  maybe,
  named,
  nested,
  oneOf,
  trim,
  tuple,
  tuples,
  value,
  values,
} from './form-options.js';
export type { FormPart } from './form-part.js';
export { counted, entries, groups, items, list, slot, streams, word } from './slots.js';
