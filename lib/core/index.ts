// the client
export { RedisClient } from './client.js';
export type { CommandView } from './command-view.js';
export type {
  CallOptions,
  ReconnectOptions,
  RedisClientOptions,
  RedisCredentials,
  RedisTlsOptions,
  RetryCommand,
  RetryFunction,
  RetryPolicy,
} from './options.js';
export type {
  ClusterNodeInfo,
  ClusterOptions,
  NatMap,
  NodeAddress,
  ReadFrom,
  SentinelOptions,
} from './topology-options.js';
export type { DangerousCommand, GuardAction, GuardOptions } from './guard/guard-options.js';
export type { ResolvedOptions } from './resolve-options.js';
export type { ResolvedAddress, ResolvedCluster, ResolvedSentinel } from './resolve-topology.js';
export type { ConnectionEvents, ConnectionStatus } from './connection/connection-hooks.js';
export type { NodeFinding, NodesFinding } from './observation/node-finding.js';
export type { CommandEvent, CommandInfo, CommandObserver, Peer } from './observation/observer.js';
export type {
  ConnectionAttemptOutcome,
  ConnectionEnd,
  ConnectionInfo,
  ConnectionObserver,
  ConnectionRole,
  ConnectionStats,
} from './observation/connection-observer.js';
export {
  REDIS_CHANNELS,
  type TracedCommand,
  type TracedConnect,
} from './observation/diagnostics-channels.js';

// commands
export { RedisCommands } from './commands/commands.generated.js';
export type { CommandArgument, RedisKey, RedisValue } from './commands/arguments.js';
export type {
  ArgumentList,
  CommandArguments,
  EntryArguments,
  GroupArguments,
  KeyArguments,
  KeyList,
  NumberArgument,
} from './commands/flatten-arguments.js';
export type {
  AutoClaimed,
  ClientInfo,
  ClusterNode,
  ClusterSlotRange,
  FieldValue,
  GeoMatch,
  GeoPosition,
  InfoReply,
  LongestCommonMatches,
  MixedRecord,
  PendingEntry,
  PendingSummary,
  PoppedElements,
  PoppedScoredMember,
  PoppedScoredMembers,
  RankAndScore,
  ScoredMember,
  StreamEntries,
  StreamEntry,
} from './commands/reply-types.js';
// `SetOptions` of `set` and so on; of `ScanOptions` the scan iterator's, below, which `scan` takes as well
export type * from './commands/command-options.generated.js';
export type { Reply } from './protocol/reply.js';

// commands of your own server: for the modules that `npx nestjs-redwire commands` writes
export {
  defineCommands,
  type CommandDefinition,
  type CommandDefinitionFlag,
  type CommandFormParts,
} from './define-commands.js';
// all of it, for only so can a module add to an interface
export type * from './commands/server-commands.js';
export type { Answer, AnswerKind } from './commands/answer.js';
export type { ExactlyOne, OneOf, StreamTrim, Together } from './commands/option-types.js';

// pipelines
export type { Pipeline, PipelineExecOptions, PipelineResults } from './pipeline/pipeline.js';

// transactions
export type { RedisNode, RedisSession } from './client.js';
export type { DedicatedOptions } from './engine/client-engine.js';
export type { Transaction } from './transaction/transaction.js';
export type { TransactionOptions, WatchOptions } from './transaction/transaction-options.js';

// scripts
export { RedisScript, type BoundScript, type ScriptDefinition } from './script/script.js';

// scanning
export type { ScanItems, ScanIterator } from './scan/scan-iterator.js';
export type { CollectionScanOptions, HashScanOptions, ScanOptions } from './scan/scan-options.js';

// the pool
export { RedisPool, type AcquireOptions } from './pool/pool.js';
export type { RedisPoolStats } from './observation/connection-observer.js';
export type { PoolSizeOptions, RedisPoolOptions } from './pool/pool-options.js';

// what comes by itself
export { Subscription, type SubscriptionEvents } from './pubsub/subscription.js';
export type { RedisMessage, SubscribeOptions } from './pubsub/message.js';
export type { SubscriberStatus } from './pubsub/subscriber-status.js';
export type { OverflowPolicy } from './feed/feed-options.js';
export { Monitor, type MonitorEvents } from './monitor/monitor.js';
export type { MonitoredCommand, MonitorOptions } from './monitor/monitored-command.js';

// streams
export { StreamConsumer, type StreamConsumerStatus } from './streams/stream-consumer.js';
export type { StreamConsumerOptions, StreamRunOptions } from './streams/stream-consumer-options.js';
export type {
  StreamConsumerEntry,
  StreamConsumerEvents,
  StreamConsumerStats,
  StreamDeadLetter,
  StreamHandler,
  StreamHandlerContext,
} from './streams/stream-entry.js';

// errors
export {
  RedisAbortError,
  RedisClientError,
  RedisConnectionError,
  RedisDisconnectedError,
  RedisError,
  RedisProtocolError,
  RedisServerError,
  RedisTimeoutError,
  type DisconnectReason,
  type RedisErrorOptions,
  type TimeoutKind,
} from './errors.js';
