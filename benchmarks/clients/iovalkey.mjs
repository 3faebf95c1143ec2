import { connectFamily, connectFamilyCluster } from './ioredis-family.mjs';

const adapter = {
  role: 'peer',
  package: 'iovalkey',
  load: () => import('iovalkey'),
};

export const iovalkey = {
  ...adapter,
  name: 'iovalkey',
  label: 'iovalkey',
  connect: ({ default: Redis }, { host, port }) => connectFamily(Redis, { host, port }),
  connectCluster: ({ default: Redis }, addresses) => connectFamilyCluster(Redis, addresses),
};

export const iovalkeyAuto = {
  ...adapter,
  name: 'iovalkey-auto',
  label: 'iovalkey, auto-pipelining',
  connect: ({ default: Redis }, { host, port }) =>
    connectFamily(Redis, { host, port, enableAutoPipelining: true }),
  connectCluster: ({ default: Redis }, addresses) =>
    connectFamilyCluster(Redis, addresses, { enableAutoPipelining: true }),
};
