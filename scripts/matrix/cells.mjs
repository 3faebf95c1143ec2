// @ts-check

/**
 * One combination that the Nest module must work in.
 *
 * @typedef {{ node: string, nest: string, platform: string }} Cell
 */

/** Every value of each axis, the oldest first. */
export const AXES = Object.freeze({
  node: ['20', '22', '24', '26'],
  nest: ['11', '12'],
  platform: ['express', 'fastify'],
});

const NAMES = /** @type {(keyof Cell)[]} */ (Object.keys(AXES));

/**
 * The combinations that one of the filters takes; all where there is none. A filter names the values of some axes, as
 * `node=24,nest=11`; what it does not name may be anything.
 *
 * @param {readonly string[]} filters
 * @returns {Cell[]}
 */
export function selectCells(filters) {
  const wanted = filters.map(readFilter);
  const cells = AXES.node.flatMap((node) =>
    AXES.nest.flatMap((nest) => AXES.platform.map((platform) => ({ node, nest, platform }))),
  );
  if (wanted.length === 0) return cells;
  return cells.filter((cell) =>
    wanted.some((filter) => NAMES.every((name) => filter[name] === undefined || filter[name] === cell[name])),
  );
}

/**
 * @param {string} text
 * @returns {Partial<Cell>}
 */
function readFilter(text) {
  /** @type {Partial<Cell>} */
  const filter = {};
  for (const part of text.split(',')) {
    const [name = '', value = ''] = part.split('=').map((word) => word.trim());
    const axis = NAMES.find((each) => each === name);
    if (axis === undefined)
      throw new TypeError(`--only ${text}: there is no "${name}", only ${NAMES.join(', ')}.`);
    if (!AXES[axis].includes(value)) {
      throw new TypeError(`--only ${text}: ${name} is one of ${AXES[axis].join(', ')}, not "${value}".`);
    }
    filter[axis] = value;
  }
  return filter;
}

/** @param {Cell} cell */
export function describeCell({ node, nest, platform }) {
  return `Node ${node}, Nest ${nest}, ${platform}`;
}
