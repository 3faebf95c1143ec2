import { describe, expect, it } from '@jest/globals';
import { runScript } from '../support/index.js';

describe.each(['demo', 'matrix'])('scripts/%s.mjs', (name) => {
  const script = new URL(`../../scripts/${name}.mjs`, import.meta.url);

  it('says how it is called, and nothing else', async () => {
    const { code, stdout, stderr } = await runScript(script, { args: ['--help'] });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^npm run /);
  });

  it('tells what it does not know in one line, and how it is called', async () => {
    const { code, stdout, stderr } = await runScript(script, { args: ['--bogus'] });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^Unknown option '--bogus'\.\n\nnpm run /);
  });
});
