export { NodeLink } from './node-link.js';
export { type CutOptions, type NodeAddress, Partition } from './partition.js';
