import { beside } from './beside.mjs';
import { load } from './load.mjs';
import { memory } from './memory.mjs';
import { overhead } from './overhead.mjs';
import { pubsub } from './pubsub.mjs';
import { speedup } from './speedup.mjs';

/** 'startup' is not here: measure.mjs times it while it imports and connects, as it does for every scenario. */
export const MEASURES = { beside, load, memory, overhead, pubsub, speedup };
