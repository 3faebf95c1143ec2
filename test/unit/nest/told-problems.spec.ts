import { describe, expect, it } from '@jest/globals';
import { ToldProblems } from '../../../lib/told-problems.js';

const REFUSED = 'Could not connect to Redis at 10.0.0.1:6379 (ECONNREFUSED): nothing listens there.';

describe('what is told of problems', () => {
  it('is each once, also of several by turns and in another order', () => {
    const told = new ToldProblems();
    const other = REFUSED.replace('10.0.0.1', '10.0.0.2');
    expect([REFUSED, other, REFUSED, other].map((problem) => told.isNew(problem))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(told.isNew('None told. a:1: gone. b:2: gone.')).toBe(true);
    expect(told.isNew('None told. b:2: gone. a:1: gone.')).toBe(false);
  });

  it('is told again after all was well, or with the server at that address', () => {
    const told = new ToldProblems();
    told.isNew(REFUSED);
    expect(told.forget('10.0.0.1:637')).toBe(false);
    expect(told.forget('0.0.0.1:6379')).toBe(false);
    expect(told.isNew(REFUSED)).toBe(false);
    expect(told.forget('10.0.0.1:6379')).toBe(true);
    expect(told.forget('10.0.0.1:6379')).toBe(false);
    expect(told.isNew(REFUSED)).toBe(true);
    told.clear();
    expect(told.isNew(REFUSED)).toBe(true);
  });

  it('is bounded', () => {
    const told = new ToldProblems();
    told.isNew(REFUSED);
    for (let nth = 0; nth < 100; nth++) told.isNew(`problem ${nth}`);
    expect(told.isNew(REFUSED)).toBe(true);
  });
});
