import type { RedisClientOptions } from './options.js';

const SCHEMES: Record<string, { tls: boolean; unix: boolean }> = {
  'redis:': { tls: false, unix: false },
  'rediss:': { tls: true, unix: false },
  'valkey:': { tls: false, unix: false },
  'valkeys:': { tls: true, unix: false },
  'redis+unix:': { tls: false, unix: true },
  'unix:': { tls: false, unix: true },
};

const FORMS = 'redis://user:password@host:6379/0, rediss://… for TLS, or redis+unix:///path/to.sock?db=0';

/**
 * Reads a connection URI. The URI itself is never part of an error's text: it may hold a password.
 *
 * @throws {TypeError} naming what is wrong and the forms that are understood.
 */
export function parseRedisUri(uri: string): RedisClientOptions {
  let url: URL;
  try {
    url = new URL(uri);
  } catch {
    throw new TypeError(
      `Redis option 'url' is not a URI (its text is left out: it may hold a password). Write ${FORMS}.`,
    );
  }
  const scheme = SCHEMES[url.protocol];
  if (scheme === undefined) {
    throw new TypeError(`Redis option 'url' has the unknown scheme '${url.protocol}//'. Write ${FORMS}.`);
  }
  refuseMisread(uri, url, scheme);
  const options: RedisClientOptions = {};
  if (url.username !== '') options.username = decode(url.username, 'user name');
  if (url.password !== '') options.password = decode(url.password, 'password');
  for (const [name, value] of url.searchParams) {
    if (name !== 'db') {
      throw new TypeError(
        `Redis option 'url' has the unknown parameter '${name}'; the only one is 'db'. Give other settings as options.`,
      );
    }
    options.database = databaseOf(value);
  }
  if (scheme.unix) {
    options.path = decode(url.pathname, 'path');
    if (options.path.length < 2)
      throw new TypeError(`Redis option 'url' names no socket. Write redis+unix:///path/to.sock.`);
    return options;
  }
  if (url.hostname !== '') options.host = decode(url.hostname.replace(/^\[(.*)\]$/, '$1'), 'host');
  if (url.port !== '') options.port = Number(url.port);
  if (url.pathname.length > 1) options.database = databaseOf(url.pathname.slice(1));
  if (scheme.tls) options.tls = true;
  return options;
}

/** What can be read as a URI, but not as the one that was meant. */
function refuseMisread(
  uri: string,
  { hash, search, hostname, protocol }: URL,
  { unix }: { unix: boolean },
): void {
  // the rest of a password stands there, which would be taken for a parameter or left out
  if (hash !== '' || search.includes('@')) {
    throw new TypeError(
      "Redis option 'url' has a '#', or a '?' before its '@': in a user name or password write them as %23 and %3F.",
    );
  }
  if (!unix && !uri.trim().slice(protocol.length).startsWith('//'))
    throw new TypeError(`Redis option 'url' needs two slashes behind '${protocol}'. Write ${FORMS}.`);
  // a host is of use only to bring credentials along
  if (unix && hostname !== '' && hostname !== 'localhost') {
    throw new TypeError(
      "Redis option 'url': a socket has no host; its path begins with a third slash. Write redis+unix:///path/to.sock.",
    );
  }
}

function databaseOf(text: string): number {
  if (!/^\d+$/.test(text))
    throw new TypeError(`Redis option 'url' names a database that is not a number. Write ${FORMS}.`);
  return Number(text);
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError(
      `Redis option 'url': the ${what} is not percent-encoded rightly. Encode it with encodeURIComponent().`,
    );
  }
}
