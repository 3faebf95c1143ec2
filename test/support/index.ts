export { describeAbsence, type Found } from './absences.js';
export { findChromium } from './chromium.js';
export { type ClusterOptions, startCluster, type TestCluster, type TestClusterNode } from './cluster.js';
export { type ContainerServer, findDocker, startContainer, TEST_IMAGE } from './docker.js';
export { eventually } from './eventually.js';
export {
  type ConnectionPlan,
  FAULT_KINDS,
  type Fault,
  type FaultCounts,
  type FaultKind,
  type FaultMix,
  type FaultPlan,
  FaultProxy,
  type FaultProxyOptions,
  type ProxiedConnection,
  randomFaults,
  totalOf,
} from './fault-proxy/index.js';
export { obtainServer, type ObtainedServer } from './obtain-server.js';
export { type CutOptions, type NodeAddress, Partition } from './partition/index.js';
export { givenSeed, newSeed, Random } from './random.js';
export { runScript, type Ended } from './run-script.js';
export { type SentinelNode, type SentinelOptions, startSentinel, type TestSentinel } from './sentinel.js';
export {
  MISSING_SERVERS,
  SERVER_KINDS,
  type ServerKind,
  startServer,
  type StartOptions,
  type TestServer,
} from './servers.js';
export {
  type Outcome,
  type ReadBack,
  TopologyWorkload,
  type WorkloadClient,
  type WorkloadOptions,
  type WorkloadPipeline,
  type WorkloadSummary,
} from './topology-workload/index.js';
