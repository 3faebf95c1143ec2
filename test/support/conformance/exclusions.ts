/** Why the generated calls of a command are not made, or not accepted. */
export interface Exclusion {
  readonly reason: string;
  /**
   * What the server answers to every one of them: the arguments are right, the moment is not. They are made all the
   * same, and one that is accepted fails the test. Without this none is made.
   */
  readonly refused?: RegExp;
}

/** Commands that have a method and cannot be called so. Those without one are in the generator's overlay, with reasons. */
export const exclusions: Readonly<Record<string, Exclusion>> = {
  'CLUSTER CANCELSLOTMIGRATIONS': {
    reason: 'no slot moves without a second node',
    refused: /No migrations/i,
  },
  'CLUSTER FAILOVER': { reason: 'is for replicas', refused: /to a replica/ },
  'CLUSTER FORGET': { reason: 'takes a second node', refused: /forget myself/ },
  'CLUSTER MIGRATESLOTS': { reason: 'takes a second node', refused: /can not be this node/ },
  'CONFIG REWRITE': { reason: 'takes a configuration file', refused: /without a config file/ },
  FAILOVER: { reason: 'takes a replica', refused: /requires connected replicas|No failover in progress/ },
  'MODULE LOAD': { reason: 'takes a module', refused: /Error loading the extension/ },
  'MODULE LOADEX': { reason: 'takes a module', refused: /Error loading the extension/ },
  'MODULE UNLOAD': { reason: 'takes a module', refused: /no such module/i },
  SHUTDOWN: { reason: 'ends the server' },
};

/** Where tests by hand are of what is not called here, under `test/integration`. */
export const testsByHand: Readonly<Record<string, string>> = {
  AUTH: 'core/options.identity.spec.ts',
  HELLO: 'core/client.spec.ts',
  PSUBSCRIBE: 'core/pubsub.spec.ts',
  PUNSUBSCRIBE: 'core/pubsub.spec.ts',
  SELECT: 'core/client.spec.ts',
  SHUTDOWN: 'shutdown.spec.ts',
  SSUBSCRIBE: 'core/pubsub.spec.ts',
  SUBSCRIBE: 'core/pubsub.spec.ts',
  SUNSUBSCRIBE: 'core/pubsub.spec.ts',
  UNSUBSCRIBE: 'core/pubsub.spec.ts',
};

/** Commands without a method that harm no connection: they are called by `call()`. */
export const calledByName: readonly string[] = ['RESTORE-ASKING'];
