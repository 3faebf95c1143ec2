/** Keys, values and stored shapes that every scenario and every client shares. */

/** A copy in one flat piece: a string built by joining is a tree inside, and the first write would pay for it. */
const flat = (text) => JSON.parse(JSON.stringify(text));

const text = (label, size) => flat(`${label}:`.padEnd(size, 'abcdefghijklmnopqrstuvwxyz0123456789'));

const many = (count, make) => Array.from({ length: count }, (_, i) => make(i));

const strings = (name, count, size) => ({
  keys: many(count, (i) => flat(`bench:${name}:${i}`)),
  values: many(count, (i) => text(i, size)),
  valueSize: size,
});

/** 1000 keys of a size, so that no client and no cache sees one key only. 1 MiB values: eight of them. */
export const SMALL = strings('16b', 1000, 16);
export const MEDIUM = strings('1k', 1000, 1024);
export const LARGE = strings('1m', 8, 1024 * 1024);

/** Lists of 100 keys for MGET: each a window into the small keys. */
export const KEY_LISTS = many(100, (i) => many(100, (j) => SMALL.keys[(i * 37 + j) % 1000]));

export const HASHES = {
  keys: many(50, (i) => flat(`bench:hash:${i}`)),
  fields: many(100, (i) => flat(`field:${String(i).padStart(4, '0')}`)),
  values: many(100, (i) => text(i, 16)),
};

export const LISTS = {
  keys: many(10, (i) => flat(`bench:list:${i}`)),
  elements: many(1000, (i) => text(i, 16)),
};

export const CHANNELS = many(10, (i) => flat(`bench:channel:${i}`));
export const MESSAGE = text('message', 32);

/** A list that never has an element. */
export const NOTHING = 'bench:nothing';

/** Connections of a pool. */
export const POOL_SIZE = 10;

/** Stores everything the scenarios read, through the harness's own connection. */
export async function store(connection) {
  const replies = [];
  for (const { keys, values } of [SMALL, MEDIUM, LARGE]) {
    keys.forEach((key, i) => replies.push(connection.send('SET', key, values[i])));
  }
  for (const key of [...HASHES.keys, ...LISTS.keys]) replies.push(connection.send('DEL', key));
  const pairs = HASHES.fields.flatMap((field, i) => [field, HASHES.values[i]]);
  for (const key of HASHES.keys) replies.push(connection.send('HSET', key, ...pairs));
  for (const key of LISTS.keys) replies.push(connection.send('RPUSH', key, ...LISTS.elements));
  await Promise.all(replies);
}

/** Takes it all away again: the server may be one that the user lent us. */
export async function remove(connection) {
  const keys = [SMALL, MEDIUM, LARGE, HASHES, LISTS].flatMap((group) => group.keys);
  await Promise.all(keys.map((key) => connection.send('UNLINK', key)));
}
