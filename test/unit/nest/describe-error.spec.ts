import { describe, expect, test } from '@jest/globals';
import { describeError } from '../../../lib/describe-error.js';
import { errorAttributes } from '../../../lib/telemetry/semantic-conventions.js';
import { UNSPEAKABLE } from './support/unspeakable.js';

describe('describeError()', () => {
  test('has the message and the stack of an error, and the text of what is none', () => {
    const error = new TypeError('out of stock');
    expect(describeError(error)).toEqual({ message: 'out of stock', stack: error.stack });
    expect(describeError('a string')).toEqual({ message: 'a string', stack: undefined });
    expect(describeError(undefined)).toEqual({ message: 'undefined', stack: undefined });
    expect(describeError(Symbol('s')).message).toBe('Symbol(s)');
  });

  test.each(Object.entries(UNSPEAKABLE))('never throws: %s', (_, make) => {
    const { message, stack } = describeError(make());
    expect(typeof message).toBe('string');
    expect(['string', 'undefined']).toContain(typeof stack);
    expect(typeof errorAttributes(make())['error.type']).toBe('string');
  });
});
