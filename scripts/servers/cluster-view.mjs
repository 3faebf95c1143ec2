// @ts-check

/**
 * @typedef {object} NodeView  what one node of a cluster knows of another, or of itself
 * @property {string} id
 * @property {string} address   `host:port@busPort`, and a hostname after a comma
 * @property {string[]} flags
 * @property {'master' | 'replica'} role
 * @property {string | undefined} masterId
 * @property {number} epoch
 * @property {boolean} linked
 * @property {(readonly [number, number])[]} slots  first and last of each range
 */

const TROUBLE = new Set(['fail?', 'fail', 'handshake', 'noaddr']);

/**
 * The reply of CLUSTER NODES: a line for each node it knows.
 *
 * @param {string} text
 * @returns {NodeView[]}
 */
export function parseNodes(text) {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [id, address, flags, master, , , epoch, link, ...slots] = line.split(' ');
      return {
        id,
        address,
        flags: flags.split(','),
        role: flags.split(',').includes('master') ? 'master' : 'replica',
        masterId: master === '-' ? undefined : master,
        epoch: Number(epoch),
        linked: link === 'connected',
        // in brackets: slots on their way to or from the node that was asked
        slots: slots.filter((range) => !range.startsWith('[')).map(toRange),
      };
    });
}

/** @param {string} text `5` or `0-5460` @returns {readonly [number, number]} */
function toRange(text) {
  const [first, last = first] = text.split('-').map(Number);
  return [first, last];
}

/** @param {NodeView} view */
export function isSound({ flags }) {
  return !flags.some((flag) => TROUBLE.has(flag));
}

/**
 * @param {NodeView} view
 * @param {number} slot
 */
export function serves({ slots }, slot) {
  return slots.some(([first, last]) => first <= slot && slot <= last);
}

/** What nodes must agree about: who there is and where, which role each has, and who serves what. @param {NodeView[]} views */
export function essence(views) {
  return views
    .map(({ id, address, role, masterId, slots }) => [id, address, role, masterId, slots.join(' ')].join(' '))
    .toSorted()
    .join('\n');
}
