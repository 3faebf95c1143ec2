export { clientMaker, cutAndReturn } from './clients.js';
export { type Answer, type Call, FakeServer } from './fake-server.js';
export { errorOf, watch } from './outcome.js';
export { Relay } from './relay.js';
export { expectNoSecret, SECRET, showsSecret } from './secret.js';
export { type OptionName, shows } from './shows.js';
export {
  counted,
  countInto,
  firstFailure,
  neverSent,
  pending,
  untilPending,
  upTo,
  WINDOW,
} from './long-pipelines.js';
