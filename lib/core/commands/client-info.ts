import { exactNumber } from './exact-number.js';
import type { ClientInfo } from './reply-types.js';

/** The fields that hold integers; in the others `123` is a name or a version. */
const NUMBERS = new Set([
  'id',
  'fd',
  'age',
  'idle',
  'db',
  'sub',
  'psub',
  'ssub',
  'multi',
  'watch',
  'qbuf',
  'qbuf-free',
  'argv-mem',
  'multi-mem',
  'rbs',
  'rbp',
  'obl',
  'oll',
  'omem',
  'tot-mem',
  'redir',
  'resp',
  'io-thread',
  'tot-net-in',
  'tot-net-out',
  'tot-cmds',
]);

/** `addr` and `laddr`: the path of a Unix socket may have spaces and equal signs in it. */
const ADDRESS = /^l?addr$/;
const WHOLE_ADDRESS = /^$|:\d+$/;

/** The text of CLIENT LIST: a line about each connection. */
export function parseClientList(text: string): ClientInfo[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parseClientInfo);
}

/** The text of CLIENT INFO: `id=3 addr=127.0.0.1:50204 … name= … lib-name=a=b`. */
export function parseClientInfo(line: string): ClientInfo {
  const info: Record<string, string | number | bigint> = {};
  let name = '';
  let from = 0;
  const put = (to: number): void => {
    if (name === '') return;
    // not trimEnd(): a user's name may end with a space of Unicode
    const value = line.slice(from, to).replace(/[ \r\n]+$/, '');
    info[name] = NUMBERS.has(name) ? (exactNumber(value) ?? value) : value;
  };
  for (const match of line.matchAll(/(?:^| )([a-z][a-z0-9_-]*)=/g)) {
    if (ADDRESS.test(name) && !WHOLE_ADDRESS.test(line.slice(from, match.index))) continue;
    put(match.index);
    name = match[1]!;
    from = match.index + match[0].length;
  }
  put(line.length);
  if (info.id === undefined) throw new TypeError('Expected a line about a client.');
  return info as unknown as ClientInfo;
}
