import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { LIBRARY_NAME, LIBRARY_VERSION } from '../../../lib/core/version.js';

it('CLIENT SETINFO tells the name and version of package.json', () => {
  const { name, version } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    name: string;
    version: string;
  };
  expect({ name: LIBRARY_NAME, version: LIBRARY_VERSION }).toEqual({ name, version });
});
