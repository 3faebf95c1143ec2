import { formatAddress } from '../connection/open-socket.js';
import type { ResolvedAddress } from '../resolve-topology.js';

/** One of the servers that a Sentinel knows of, as far as it matters here. */
export interface KnownServer extends ResolvedAddress {
  /** `s_down`, `disconnected` …; `slave` and `sentinel` say what it is. */
  readonly flags: readonly string[];
  /** Of a replica: does it hear its master? */
  readonly hasLink: boolean;
}

/** For the comparison of addresses. */
export function keyOf({ host, port }: ResolvedAddress): string {
  return formatAddress({ host, port, path: undefined });
}

/** @returns undefined for words that name no address. */
export function readAddress(host: unknown, port: unknown): ResolvedAddress | undefined {
  const number = Number(port);
  if (typeof host !== 'string' || host === '' || !Number.isInteger(number)) return undefined;
  return number < 1 || number > 65_535 ? undefined : { host, port: number };
}

/** The answer to SENTINEL REPLICAS and SENTINEL SENTINELS: a map for each server, by RESP2 a list of names and values. */
export function readServers(reply: unknown): KnownServer[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((entry) => {
    const fields = fieldsOf(entry);
    const address = readAddress(fields.get('ip'), fields.get('port'));
    if (address === undefined) return [];
    const flags = String(fields.get('flags') ?? '').split(',');
    const link = fields.get('master-link-status');
    return [{ ...address, flags, hasLink: link === undefined || link === 'ok' }];
  });
}

/** The Sentinel reaches it, as far as it knows. */
export function isReachable({ flags }: KnownServer): boolean {
  return !flags.some((flag) => /^(s_down|o_down|disconnected)$/.test(flag));
}

function fieldsOf(entry: unknown): ReadonlyMap<unknown, unknown> {
  if (entry instanceof Map) return entry;
  if (!Array.isArray(entry)) return new Map(Object.entries((entry ?? {}) as object));
  const pairs: [unknown, unknown][] = [];
  for (let index = 0; index + 1 < entry.length; index += 2) pairs.push([entry[index], entry[index + 1]]);
  return new Map(pairs);
}
