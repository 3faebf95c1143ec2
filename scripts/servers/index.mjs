// @ts-check

/** Real servers on loopback, for tests, benchmarks and the demo: one, a cluster, or a master watched by sentinels. */
export { makeCertificates } from './certificates.mjs';
export { Cluster } from './cluster.mjs';
export { ClusterNode } from './cluster-node.mjs';
export { KIND_NAMES, KINDS, toKind } from './kinds.mjs';
export { obtain, obtainAll, ServerUnavailableError, versionOf } from './obtain.mjs';
export { isReady, ping } from './ping.mjs';
export { freePort } from './ports.mjs';
export { SentinelSetup } from './sentinel.mjs';
export { Server } from './server.mjs';
