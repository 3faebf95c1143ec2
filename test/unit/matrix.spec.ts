import { describe, expect, it } from '@jest/globals';
import { describeCell, selectCells } from '../../scripts/matrix/cells.mjs';

describe('the combinations that the matrix runs', () => {
  it('are all of them where nothing is chosen', () => {
    const cells = selectCells([]);
    expect(cells).toHaveLength(16);
    expect(new Set(cells.map(describeCell)).size).toBe(16);
  });

  it('are those that one of the filters takes, each once', () => {
    expect(selectCells(['node=24,nest=11']).map(describeCell)).toEqual([
      'Node 24, Nest 11, express',
      'Node 24, Nest 11, fastify',
    ]);
    const pair = ['node=26,nest=12,platform=fastify', 'node = 20, nest = 11, platform = express'];
    expect(selectCells(pair).map(describeCell)).toEqual([
      'Node 20, Nest 11, express',
      'Node 26, Nest 12, fastify',
    ]);
    expect(selectCells(['node=20', 'nest=11'])).toHaveLength(4 + 8 - 2);
  });

  it.each([
    ['nod=20', /there is no "nod", only node, nest, platform/],
    ['node=21', /node is one of 20, 22, 24, 26, not "21"/],
    ['', /there is no ""/],
  ])('%j is refused', (filter, message) => {
    expect(() => selectCells([filter])).toThrow(message);
  });
});
