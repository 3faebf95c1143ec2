/**
 * The shapes that replies have: `type` as TypeScript (`T` is text or bytes), `transform` the function of
 * lib/core/commands/reply-transforms.ts that makes it from what the wire carries (none: it comes as it is), `uses` the
 * types of lib/core/commands/reply-types.ts.
 */
export const replyKinds = {
  /** Whatever the server sends: differs between protocols or has no shape of its own (yet). */
  reply: { type: 'Reply' },

  // text
  ok: { type: "'OK'", transform: 'text' },
  okOrNull: { type: "'OK' | null", transform: 'text' },
  text: { type: 'T' },
  textOrNull: { type: 'T | null' },
  texts: { type: 'T[]' },
  textsOrNull: { type: 'T[] | null' },
  textsOrNulls: { type: '(T | null)[]' },
  keyAndText: { type: '[key: T, element: T] | null' },
  /** Text that is the server's own, never bytes of a user. */
  plainText: { type: 'string', transform: 'text' },
  plainTextOrNull: { type: 'string | null', transform: 'text' },
  plainTexts: { type: 'string[]', transform: 'texts' },
  plainTextsOrNulls: { type: '(string | null)[]', transform: 'texts' },
  bytesOrNull: { type: 'Buffer | null' },

  // numbers
  number: { type: 'number' },
  /** A number that users may drive past 2^53; it is a bigint there. */
  counter: { type: 'number' },
  numberOrNull: { type: 'number | null' },
  numbers: { type: 'number[]' },
  numbersOrNull: { type: 'number[] | null' },
  numbersOrNulls: { type: '(number | null)[]' },
  double: { type: 'number', transform: 'double' },
  doubleOrNull: { type: 'number | null', transform: 'double' },
  doublesOrNulls: { type: '(number | null)[]', transform: 'doubles' },
  flag: { type: 'number', transform: 'flag' },
  added: { type: 'number', transform: 'added' },
  addedScore: { type: 'number | null', transform: 'added' },
  time: { type: '[seconds: number, microseconds: number]', transform: 'time' },

  // SET
  set: { type: "'OK'", transform: 'set' },
  setConditional: { type: "'OK' | null", transform: 'set' },
  setGet: { type: 'T | null', transform: 'set' },

  // maps
  info: { type: 'InfoReply', transform: 'info', uses: ['InfoReply'] },
  clientInfo: { type: 'ClientInfo', transform: 'clientInfo', uses: ['ClientInfo'] },
  clientList: { type: 'ClientInfo[]', transform: 'clientList', uses: ['ClientInfo'] },
  record: { type: 'Record<string, T>', transform: 'record' },
  mixedRecord: { type: 'MixedRecord', transform: 'record', uses: ['MixedRecord'] },
  mixedRecordOrNull: { type: 'MixedRecord | null', transform: 'record', uses: ['MixedRecord'] },
  mixedRecords: { type: 'MixedRecord[]', transform: 'records', uses: ['MixedRecord'] },
  counts: { type: 'Record<string, number>', transform: 'counts' },
  numberRecord: { type: 'Record<string, number>', transform: 'counts' },
  aclUser: { type: 'MixedRecord | null', transform: 'aclUser', uses: ['MixedRecord'] },
  aclLog: { type: "MixedRecord[] | 'OK'", transform: 'aclLog', uses: ['MixedRecord'] },
  clusterShards: { type: 'MixedRecord[]', transform: 'clusterShards', uses: ['MixedRecord'] },
  functionList: { type: 'MixedRecord[]', transform: 'functionList', uses: ['MixedRecord'] },
  functionStats: { type: 'MixedRecord', transform: 'functionStats', uses: ['MixedRecord'] },
  hello: { type: 'MixedRecord', transform: 'hello', uses: ['MixedRecord'] },
  latencyHistogram: {
    type: 'Record<string, MixedRecord>',
    transform: 'latencyHistogram',
    uses: ['MixedRecord'],
  },
  clusterSlots: { type: 'ClusterSlotRange[]', transform: 'clusterSlots', uses: ['ClusterSlotRange'] },
  clusterNodes: { type: 'ClusterNode[]', transform: 'clusterNodes', uses: ['ClusterNode'] },
  slotStats: { type: '[slot: number, stats: Record<string, number>][]', transform: 'slotStats' },
  memoryStats: {
    type: 'Record<string, number | Record<string, number>>',
    transform: 'memoryStats',
  },
  commandDocs: { type: 'Record<string, MixedRecord>', transform: 'commandDocs', uses: ['MixedRecord'] },
  commandInfo: { type: '(Reply[] | null)[]', transform: 'commandInfo' },
  streamInfo: { type: 'MixedRecord', transform: 'streamInfo', uses: ['MixedRecord'] },

  // collections
  scan: { type: '[cursor: string, items: T[]]', transform: 'scan' },
  randomField: { type: 'T | null', transform: 'randomFields' },
  randomFields: { type: 'T[]', transform: 'randomFields' },
  randomFieldValues: { type: 'FieldValue<T>[]', transform: 'randomFields', uses: ['FieldValue'] },
  poppedElements: { type: 'PoppedElements<T> | null', transform: 'poppedElements', uses: ['PoppedElements'] },
  commonText: { type: 'T', transform: 'commonSubsequence' },
  commonLength: { type: 'number', transform: 'commonSubsequence' },
  commonMatches: {
    type: 'LongestCommonMatches',
    transform: 'commonSubsequence',
    uses: ['LongestCommonMatches'],
  },

  // sorted sets
  members: { type: 'T[]', transform: 'rangeMembers' },
  membersWithScores: { type: 'ScoredMember<T>[]', transform: 'rangeMembers', uses: ['ScoredMember'] },
  combined: { type: 'T[]', transform: 'combinedMembers' },
  combinedWithScores: { type: 'ScoredMember<T>[]', transform: 'combinedMembers', uses: ['ScoredMember'] },
  randomMember: { type: 'T | null', transform: 'randomMembers' },
  randomMembers: { type: 'T[]', transform: 'randomMembers' },
  randomMembersWithScores: { type: 'ScoredMember<T>[]', transform: 'randomMembers', uses: ['ScoredMember'] },
  scoredMembers: { type: 'ScoredMember<T>[]', transform: 'scoredMembers', uses: ['ScoredMember'] },
  rank: { type: 'number | null', transform: 'rank' },
  rankAndScore: { type: 'RankAndScore | null', transform: 'rank', uses: ['RankAndScore'] },
  poppedMember: {
    type: 'PoppedScoredMember<T> | null',
    transform: 'poppedMember',
    uses: ['PoppedScoredMember'],
  },
  poppedMembers: {
    type: 'PoppedScoredMembers<T> | null',
    transform: 'poppedMembers',
    uses: ['PoppedScoredMembers'],
  },

  // geo
  geoPositions: { type: '(GeoPosition | null)[]', transform: 'geoPositions', uses: ['GeoPosition'] },
  geoMembers: { type: 'T[]', transform: 'geoMatches' },
  geoMatches: { type: 'GeoMatch<T>[]', transform: 'geoMatches', uses: ['GeoMatch'] },
  geoStored: { type: 'number', transform: 'geoMatches' },

  // vector sets
  vector: { type: '(number | T)[] | null', transform: 'vector' },
  similar: { type: 'T[]', transform: 'similar' },
  /** Members as text, also where bytes are asked for: RESP3 has them as names in a map. */
  similarWithScores: { type: 'ScoredMember[]', transform: 'similar', uses: ['ScoredMember'] },
  links: { type: 'T[][] | null', transform: 'links' },
  linksWithScores: { type: 'ScoredMember[][] | null', transform: 'links', uses: ['ScoredMember'] },

  // streams
  streamEntries: { type: 'StreamEntry<T>[]', transform: 'streamEntries', uses: ['StreamEntry'] },
  streamIds: { type: 'string[]', transform: 'streamEntries' },
  streams: { type: 'StreamEntries<T>[] | null', transform: 'streams', uses: ['StreamEntries'] },
  autoClaimed: {
    type: 'AutoClaimed<StreamEntry<T>>',
    transform: 'autoClaimed',
    uses: ['AutoClaimed', 'StreamEntry'],
  },
  autoClaimedIds: { type: 'AutoClaimed<string>', transform: 'autoClaimed', uses: ['AutoClaimed'] },
  pendingSummary: { type: 'PendingSummary', transform: 'pending', uses: ['PendingSummary'] },
  pendingEntries: { type: 'PendingEntry[]', transform: 'pending', uses: ['PendingEntry'] },
};
