/** What a reader must know of the machine before comparing figures with another's. */
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { versionOf } from './install.mjs';

export async function gatherFacts(connection, clients) {
  const info = await connection.send('INFO', 'server');
  const field = (name) => info.match(new RegExp(`^${name}:(.*?)\r?$`, 'm'))?.[1];
  const server = field('valkey_version')
    ? `Valkey ${field('valkey_version')}`
    : `Redis ${field('redis_version')}`;
  const packages = new Set(clients.map((client) => client.package).filter(Boolean));
  return {
    node: process.version,
    cpu: `${availableParallelism()} x ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${platform()} ${release()} ${arch()}`,
    server,
    loadAtStart: loadavg()[0].toFixed(2),
    clients: Object.fromEntries([...packages].map((name) => [name, versionOf(name)])),
  };
}
