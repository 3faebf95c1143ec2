export type { Operation, Outcome } from './journal.js';
export {
  type ReadBack,
  TopologyWorkload,
  type WorkloadOptions,
  type WorkloadSummary,
} from './topology-workload.js';
export type { WorkloadClient, WorkloadPipeline } from './workload-client.js';
