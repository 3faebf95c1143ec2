import type { ConnectionStatus } from '../connection/connection-hooks.js';

/** How the connection stands on which the subscriptions of a client listen. */
export interface SubscriberStatus {
  /** Messages are heard while it is `ready`, and only then: by that time every subscription is made anew. */
  readonly state: ConnectionStatus;
  /** Subscriptions that are not ended. */
  readonly subscriptions: number;
  /** For how long nothing could be heard, ms; undefined while it is `ready`. */
  readonly deafFor: number | undefined;
}
