import type { Attributes } from '@opentelemetry/api';
import { shownName } from '../core/commands/redaction.js';
import { RedisError, RedisServerError, type CommandInfo } from '../core/index.js';
import { addressAttributes } from './server-attributes.js';

/** Name and version that spans and metrics are recorded under. */
export { LIBRARY_NAME, LIBRARY_VERSION } from '../core/version.js';

/**
 * True where the attribute names from before the database conventions became stable are wanted beside the present ones,
 * by the variable that OpenTelemetry defines for it.
 */
export function wantsFormerNames(environment: NodeJS.ProcessEnv = process.env): boolean {
  const wanted = environment['OTEL_SEMCONV_STABILITY_OPT_IN'] ?? '';
  return wanted.split(',').some((word) => word.trim() === 'database/dup');
}

/** What tells one kind of command from another: the attributes of spans and metrics alike. */
export function commandAttributes(info: CommandInfo): Attributes {
  const attributes: Attributes = {
    'db.system.name': 'redis',
    'db.operation.name': info.name,
    'db.namespace': String(info.database),
    ...addressAttributes(info),
  };
  // a batch is two or more
  if (info.batchSize !== undefined && info.batchSize > 1)
    attributes['db.operation.batch.size'] = info.batchSize;
  return attributes;
}

/**
 * The address behind the server's name. Where that is an address or a path itself, nothing: every attribute takes the SDK
 * a tenth of a microsecond, and this one would only repeat another. Nodes of a cluster may differ in their ports alone.
 */
export function peerAttributes(info: CommandInfo, peer = info.peer): Attributes | undefined {
  if (peer === undefined) return undefined;
  const isTold =
    info.path === undefined
      ? peer.address === info.host && peer.port === info.port
      : peer.address === info.path;
  if (isTold) return undefined;
  return { 'network.peer.address': peer.address, 'network.peer.port': peer.port };
}

/** The attributes of a command under the names of semantic conventions 1.24. */
export function formerCommandAttributes(info: CommandInfo): Attributes {
  const attributes: Attributes = {
    'db.system': 'redis',
    'db.operation': info.name,
    'db.statement': info.queryText,
    'db.redis.database_index': info.database,
  };
  const name = info.path ?? info.host;
  if (name !== undefined) attributes['net.peer.name'] = name;
  if (info.port !== undefined) attributes['net.peer.port'] = info.port;
  return attributes;
}

/**
 * How a failure is described: the server's error word or the stable code of our errors. Never its message, in which a
 * server may quote arguments.
 */
export function errorAttributes(error: unknown): Attributes & { 'error.type': string } {
  if (error instanceof RedisServerError)
    return { 'error.type': error.code, 'db.response.status_code': error.code };
  if (error instanceof RedisError) return { 'error.type': error.code };
  return { 'error.type': errorName(error) };
}

function errorName(error: unknown): string {
  try {
    return error instanceof Error ? shownName(String(error.name)) : '_OTHER';
  } catch {
    // anything can be thrown, a name that throws included
    return '_OTHER';
  }
}
