import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

/** The linter's own rules on files that break the walls of the house: a rule that catches nothing would go unnoticed. */
describe('walls between the parts of lib', () => {
  let folder: string;

  const lint = (files: Record<string, string>): { status: number | null; output: string } => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const oxlint = join(process.cwd(), 'node_modules', '.bin', 'oxlint');
    const { status, stdout, stderr } = spawnSync(oxlint, Object.keys(files), {
      cwd: folder,
      encoding: 'utf8',
    });
    rmSync(join(folder, 'lib'), { recursive: true, force: true });
    return { status, output: stdout + stderr };
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'redwire-walls-'));
    cpSync('.oxlintrc.json', join(folder, '.oxlintrc.json'));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['core and Nest', 'lib/core/bad.ts', '@nestjs/common', 'knows nothing of Nest'],
    ['core and rxjs', 'lib/core/pool/bad.ts', 'rxjs/operators', 'knows nothing of Nest'],
    ['core and OpenTelemetry', 'lib/core/connection/bad.ts', '@opentelemetry/api', 'knows nothing of Nest'],
    ['core and the Nest house', 'lib/core/bad.ts', '../redis.module.js', 'never the other way'],
    [
      'deeper core and the Nest house',
      'lib/core/pubsub/bad.ts',
      '../../handlers/codecs.js',
      'never the other way',
    ],
    ['core in folders of folders and Nest', 'lib/core/cluster/slots/bad.ts', 'rxjs', 'knows nothing of Nest'],
    [
      'core in folders of folders and the Nest house',
      'lib/core/cluster/slots/bad.ts',
      '../../../handlers/codecs.js',
      'never the other way',
    ],
    ['protocol and the core above it', 'lib/core/protocol/bad.ts', '../errors.js', 'nothing above it'],
    [
      'connection and those above it',
      'lib/core/connection/bad.ts',
      '../pool/pool.js',
      'imports nothing of them',
    ],
    [
      'connection and the cluster',
      'lib/core/connection/bad.ts',
      '../cluster/cluster-engine.js',
      'imports nothing of them',
    ],
    [
      'connection and Sentinel',
      'lib/core/connection/bad.ts',
      '../sentinel/sentinel-route.js',
      'imports nothing of them',
    ],
    ['protocol and sockets', 'lib/core/protocol/bad.ts', 'node:net', 'knows no sockets'],
  ])('%s', (_, path, source, message) => {
    const { status, output } = lint({
      [path]: `import { thing } from '${source}';\n\nexport const used = thing;\n`,
    });
    expect(output).toContain(message);
    expect(status).toBe(1);
  });

  it('import cycles', () => {
    const { status, output } = lint({
      'lib/core/a.ts': "import { b } from './b.js';\n\nexport const a = (): unknown => b;\n",
      'lib/core/b.ts': "import { a } from './a.js';\n\nexport const b = (): unknown => a;\n",
    });
    expect(output).toMatch(/cycle/i);
    expect(status).toBe(1);
  });

  it('nothing of this in what is allowed', () => {
    const { status } = lint({
      'lib/core/good.ts':
        "import { connect } from 'node:net';\n\nimport { x } from './other.js';\n\nexport const used = [connect, x];\n",
      'lib/core/pool/good.ts': "import { x } from '../errors.js';\n\nexport const used = x;\n",
      'lib/core/cluster/slots/good.ts': "import { x } from '../../errors.js';\n\nexport const used = x;\n",
    });
    expect(status).toBe(0);
  });
});
