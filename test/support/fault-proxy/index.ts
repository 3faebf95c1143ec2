export { FaultProxy, type FaultProxyOptions } from './fault-proxy.js';
export {
  type ConnectionPlan,
  FAULT_KINDS,
  type Fault,
  type FaultCounts,
  type FaultKind,
  type FaultPlan,
  totalOf,
} from './faults.js';
export type { ProxiedConnection } from './proxied-connection.js';
export { type FaultMix, randomFaults } from './random-faults.js';
