/** What the service calls itself: to the servers, in its events and in its traces. */
export const SERVICE = 'order-board';

/** Where events are published and heard. Beside the default connection, where orders are kept. */
export const EVENTS = 'events';

/** Where the kitchen's tickets wait. */
export const KITCHEN = 'kitchen';
