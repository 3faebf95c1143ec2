import { connectFamily, connectFamilyCluster } from './ioredis-family.mjs';

const adapter = {
  role: 'peer',
  package: 'ioredis',
  load: () => import('ioredis'),
};

export const ioredis = {
  ...adapter,
  name: 'ioredis',
  label: 'ioredis',
  connect: ({ default: Redis }, { host, port }) => connectFamily(Redis, { host, port }),
  connectCluster: ({ default: Redis }, addresses) => connectFamilyCluster(Redis, addresses),
};

export const ioredisAuto = {
  ...adapter,
  name: 'ioredis-auto',
  label: 'ioredis, auto-pipelining',
  connect: ({ default: Redis }, { host, port }) =>
    connectFamily(Redis, { host, port, enableAutoPipelining: true }),
  connectCluster: ({ default: Redis }, addresses) =>
    connectFamilyCluster(Redis, addresses, { enableAutoPipelining: true }),
};
