import type { Note } from './note.js';

const EXPIRING: Note = { values: { key: 'expiring' } };
const SORTED: Note = {
  values: { key: 'numbers', 'by-pattern': 'weight_*', 'get-pattern': ['#', 'weight_*'], destination: 'new' },
};
const RESTORED: Note = {
  values: { key: 'new', ttl: '0', 'serialized-value': (_, facts) => facts.dump, FREQ: '5' },
};

/** Commands for keys of any type. */
export const keyNotes: Record<string, Note> = {
  EXPIRETIME: EXPIRING,
  PERSIST: EXPIRING,
  PEXPIRETIME: EXPIRING,
  PTTL: EXPIRING,
  TTL: EXPIRING,
  MIGRATE: {
    always: ['AUTH'],
    with: { KEYS: ['""'], '""': ['KEYS'] },
    before: ({ elsewhere }) => elsewhere.flushall(),
    values: {
      port: (_, facts) => facts.otherPort,
      timeout: '1000',
      auth: 'password',
      username: 'app',
      password: 'password',
      keys: ['string2', 'number'],
    },
  },
  'OBJECT FREQ': {
    before: ({ helper }) => helper.configSet('maxmemory-policy', 'allkeys-lfu'),
    after: ({ helper }) => helper.configSet('maxmemory-policy', 'noeviction'),
  },
  RESTORE: RESTORED,
  'RESTORE-ASKING': RESTORED,
  SORT: SORTED,
  SORT_RO: SORTED,
  SCAN: { values: { type: 'string', count: '100' } },
  WAIT: { values: { numreplicas: '0', timeout: '10' } },
  WAITAOF: { values: { numlocal: '0', numreplicas: '0', timeout: '10' } },
};
