import { RedisConnectionError, RedisServerError, RedisTimeoutError, type RedisError } from '../errors.js';

const ADVICE: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there. Is the server running, and are `host` and `port` right?',
  ENOTFOUND: 'the host name is not known. Is `host` right?',
  EAI_AGAIN: 'the name server did not answer. Is `host` right, and does name resolution work here?',
  EHOSTUNREACH: 'the host cannot be reached from here.',
  ENETUNREACH: 'the network cannot be reached from here.',
  ETIMEDOUT: 'the host did not answer. Does a firewall drop the packets?',
  ENOENT: 'there is no such socket. Is `path` right, and does the server run with `unixsocket`?',
  EACCES: 'this user may not open the socket. Check the permissions of `path`.',
  ECONNRESET:
    'the server cut the connection while it was being set up. Does it expect TLS (`rediss://`), or has it reached `maxclients`?',
  EPIPE:
    'the server cut the connection while it was being set up. Does it expect TLS (`rediss://`), or has it reached `maxclients`?',
};

const TLS_ADVICE: [pattern: RegExp, advice: string][] = [
  [
    /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/,
    "the server's certificate is of an authority unknown here. Give its certificate as `tls.ca`.",
  ],
  [
    /ALTNAME_INVALID/,
    "the server's certificate is for another name. Connect by that name, or give it as `tls.servername`.",
  ],
  [
    /CERT_HAS_EXPIRED/,
    "the server's certificate, or that of its authority, has expired. Renew it there (`CONFIG SET tls-cert-file` loads a new one without a restart); `tls.ca` must know its authority.",
  ],
  [
    /CERT_NOT_YET_VALID/,
    "the server's certificate is not valid yet. Is the clock right, here and where it was made?",
  ],
  [/ALERT_CERTIFICATE_EXPIRED/, 'the server says that the client certificate (`tls.cert`) has expired.'],
  [
    /CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA/,
    'the server asks for a client certificate that it trusts. Give `tls.cert` and `tls.key`.',
  ],
  [
    /WRONG_VERSION|PACKET_LENGTH|UNEXPECTED_MESSAGE|RECORD_LAYER/,
    'the server does not speak TLS there. Use `redis://` or its TLS port.',
  ],
];

const SERVER_ADVICE: Record<string, string> = {
  WRONGPASS: 'Check `username` and `password`, or what `credentials` gives.',
  NOAUTH: 'The server asks for a password: set `password` (and `username`, where it has ACL users).',
  NOPERM: "The user's ACL rules do not allow what a connection needs (HELLO, SELECT, CLIENT SETNAME).",
  LOADING: 'It takes commands once it has read its data: wait, or give connect() a `deadline`.',
  NOPROTO: 'The server speaks RESP2 only: set `protocol: 2` or leave it at `auto`.',
};

function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string') return code;
  // a host with several addresses: one error each
  const first = (error as AggregateError | null)?.errors?.[0] as { code?: unknown } | undefined;
  return typeof first?.code === 'string' ? first.code : undefined;
}

/** True for failures that another attempt does not mend by itself: credentials, certificates, a database that does not exist. */
export function isFatalConnectError(error: RedisError): boolean {
  const { cause } = error;
  if (cause instanceof RedisServerError) {
    return (
      !/^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN)$/.test(cause.code) &&
      !/max number of clients/.test(cause.message)
    );
  }
  const code = errnoOf(cause);
  return (
    code !== undefined &&
    /^(CERT_|ERR_TLS|ERR_SSL|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|HOSTNAME_MISMATCH)/.test(code)
  );
}

/** Why no connection came about, for the person who reads it at night: what happened, where, what to do. */
export function explainConnectError(cause: unknown, address: string): RedisError {
  if (cause instanceof RedisTimeoutError || cause instanceof RedisConnectionError) return cause;
  if (cause instanceof RedisServerError) {
    const advice = SERVER_ADVICE[cause.code] ?? adviceForMessage(cause.message);
    return new RedisConnectionError(
      'connect_failed',
      `Redis at ${address} refused the connection: ${cause.message}${advice === '' ? '' : ` ${advice}`}`,
      { cause, code: cause.code === 'ERR' ? undefined : cause.code },
    );
  }
  const code = errnoOf(cause) ?? '';
  const advice =
    ADVICE[code] ??
    TLS_ADVICE.find(([pattern]) => pattern.test(code))?.[1] ??
    String((cause as Error | null)?.message ?? cause);
  return new RedisConnectionError(
    'connect_failed',
    `Could not connect to Redis at ${address}${code === '' ? '' : ` (${code})`}: ${advice}`,
    { cause },
  );
}

function adviceForMessage(message: string): string {
  if (/DB index/.test(message)) return 'The server has no such `database`.';
  if (/without any password|no password is set/.test(message))
    return 'The server has no password: leave `password` out, or set one there.';
  if (/max number of clients/.test(message))
    return "Raise the server's `maxclients`, or open fewer connections.";
  return '';
}
