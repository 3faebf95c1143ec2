/** Words that no parameter can be called. */
export const KEYWORDS = (
  'arguments await break case catch class const continue debugger default delete do else enum eval export extends false ' +
  'finally for function if implements import in instanceof interface let new null package private protected public return ' +
  'static super switch this throw true try typeof undefined var void while with yield'
).split(' ');

/** A name that a grammar gives, as one that a parameter may have. */
export const parameterName = (name) => (/^[A-Za-z_]/.test(name) ? name : `_${name}`);
