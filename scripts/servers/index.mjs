// @ts-check

/** Real servers on loopback, for tests, benchmarks and the demo. Topologies (Sentinel, Cluster) build on `Server`. */
export { makeCertificates } from './certificates.mjs';
export { KIND_NAMES, KINDS, toKind } from './kinds.mjs';
export { obtain, obtainAll, ServerUnavailableError, versionOf } from './obtain.mjs';
export { isReady, ping } from './ping.mjs';
export { freePort } from './ports.mjs';
export { Server } from './server.mjs';
