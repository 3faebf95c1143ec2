// @ts-check

/**
 * @typedef {'redis-7.0' | 'redis-8.0' | 'valkey-9.1'} ServerKind
 *
 * @typedef {object} KindFacts
 * @property {'redis' | 'valkey'} product
 * @property {string} series      the versions that count as this kind: `7.0` is 7.0.x
 * @property {string[]} packages  Debian's packages
 * @property {string[]} suites    Debian's releases to look in, the most likely one first
 */

/** The servers everything is tested against. @type {Readonly<Record<ServerKind, KindFacts>>} */
export const KINDS = Object.freeze({
  'redis-7.0': {
    product: 'redis',
    series: '7.0',
    packages: ['redis-server', 'redis-tools'],
    suites: ['bookworm'],
  },
  'redis-8.0': {
    product: 'redis',
    series: '8.0',
    packages: ['redis-server', 'redis-tools'],
    suites: ['sid', 'trixie'],
  },
  'valkey-9.1': {
    product: 'valkey',
    series: '9.1',
    packages: ['valkey-server', 'valkey-tools'],
    suites: ['sid', 'forky'],
  },
});

export const KIND_NAMES = /** @type {ServerKind[]} */ (Object.keys(KINDS));

/**
 * @param {string} name
 * @returns {ServerKind}
 */
export function toKind(name) {
  if (Object.hasOwn(KINDS, name)) return /** @type {ServerKind} */ (name);
  throw new TypeError(`There is no server kind "${name}". Use one of: ${KIND_NAMES.join(', ')}.`);
}

/**
 * What a server binary says of itself: `Redis server v=7.0.15 sha=…`, `Valkey server v=9.1.0 sha=…`.
 *
 * @param {string} text
 * @returns {{ product: 'redis' | 'valkey', version: string } | undefined}
 */
export function parseVersion(text) {
  const match = /^(redis|valkey)\b.*?\bv=(\d+\.\d+\.\d+\S*)/im.exec(text);
  if (!match) return undefined;
  return { product: match[1].toLowerCase() === 'valkey' ? 'valkey' : 'redis', version: match[2] };
}

/**
 * @param {string} version
 * @param {string} series
 */
export function isOfSeries(version, series) {
  return version === series || version.startsWith(`${series}.`);
}
