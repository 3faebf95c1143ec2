import { expect, it } from '@jest/globals';
import { withClassNames } from '../../scripts/lib/class-names.mjs';

/** As esbuild leaves classes that mention themselves: with a decorator, with a static field, and one that does not. */
const BUNDLED = `
var Decorated_1;
var Decorated = Decorated_1 = class Decorated2 {
  make() { return new Decorated2(); }
};
var Counted = class _Counted extends Decorated {
  static first = new _Counted();
};
var Plain = class {
};
var Further = class extends Plain {
};
class Kept2 {
}
`;

it('classes of a bundle are called what they are exported by, and mention themselves by that', () => {
  const names = '[Decorated, Counted, Plain, Further, Kept2].map(({ name }) => name)';
  const run = (code: string): string[] => evaluate(`${code}; return ${names};`) as string[];
  expect(run(BUNDLED)).toEqual(['Decorated2', '_Counted', 'Plain', 'Further', 'Kept2']);

  const mended = withClassNames(BUNDLED);
  expect(run(mended)).toEqual(['Decorated', 'Counted', 'Plain', 'Further', 'Kept2']);
  const same = 'return [new Decorated().make() instanceof Decorated, Counted.first instanceof Counted];';
  expect(evaluate(mended + same)).toEqual([true, true]);
});

function evaluate(code: string): unknown {
  // the text above
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval
  return new Function(code)();
}
