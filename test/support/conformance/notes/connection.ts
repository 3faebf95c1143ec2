import { RedisClient } from 'nestjs-redwire/core';
import { eventually } from '../../eventually.js';
import type { World } from '../world.js';
import type { Note } from './note.js';

/** Values that fit nobody, or only the bystander: a filter that fits everybody would end all connections. */
const FILTERS: Note['values'] = {
  'old-format': (_, facts) => facts.address,
  USER: 'app',
  ADDR: (_, facts) => facts.address,
  LADDR: (_, facts) => facts.localAddress,
  NAME: 'bystander',
  ...Object.fromEntries(['MAXAGE', 'IDLE'].map((name) => [name, '100000'])),
  FLAGS: 'P',
  'LIB-NAME': 'nobody',
  'LIB-VER': '0.0.0',
  DB: '5',
  CAPA: 'r',
  IP: '127.0.0.2',
  'NOT-ID': (_, facts) => facts.clientId,
  'NOT-USER': 'default',
  'NOT-ADDR': (_, facts) => facts.address,
  'NOT-LADDR': (_, facts) => facts.localAddress,
  'NOT-NAME': 'bystander',
  'NOT-FLAGS': 'N',
  'NOT-LIB-NAME': 'nestjs-redwire',
  'NOT-LIB-VER': '0.0.0',
  'NOT-DB': '0',
  'NOT-CAPA': 'r',
  'NOT-IP': '127.0.0.1',
};

/** What CLIENT LIST says of the bystander goes into the facts. */
async function findBystander({ bystander, facts }: World): Promise<void> {
  const { id, addr, laddr } = await bystander.clientInfo();
  facts.clientId = String(id);
  facts.address = addr;
  facts.localAddress = laddr;
}

/** All connections that were ended are there again, the subscriber's too. */
async function untilAllAreBack({ everyone, helper }: World): Promise<void> {
  await Promise.all(everyone.map((client) => client.ping()));
  await eventually(async () => (await helper.pubsubNumpat()) === 1);
}

/** Somebody is refused, so that there is an entry in the log. */
async function getRefused({ helper }: World): Promise<void> {
  await helper.aclSetuser('nobody', 'on', '>password', '-@all', '+hello', '+client', '+auth');
  await using refused = new RedisClient({
    url: `redis://${helper.address}`,
    username: 'nobody',
    password: 'password',
  });
  await refused.get('string').catch(() => undefined);
}

/** The connection, users, pub/sub. */
export const connectionNotes: Record<string, Note> = {
  'ACL CAT': { values: { category: 'read' } },
  'ACL DELUSER': {
    values: { username: ['sampled', 'nobody'] },
    before: ({ helper }) => helper.aclSetuser('sampled'),
  },
  'ACL DRYRUN': { values: { command: ({ has }) => (has('arg') ? 'mget' : 'ping') } },
  'ACL GENPASS': { values: { bits: '64' } },
  'ACL LOG': { before: getRefused },
  'ACL SETUSER': {
    values: { username: 'sampled', rule: ['on', '+get'] },
    after: ({ helper }) => helper.aclDeluser('sampled'),
  },
  'CLIENT CAPA': { values: { capability: ['redirect', 'redirect'] } },
  'CLIENT GETNAME': { before: ({ client }) => client.clientSetname('named') },
  'CLIENT IMPORT-SOURCE': {
    before: ({ helper }) => helper.configSet('import-mode', 'yes'),
    after: ({ helper }) => helper.configSet('import-mode', 'no'),
  },
  'CLIENT KILL': {
    values: FILTERS,
    before: findBystander,
    after: untilAllAreBack,
    without: { 'ID twice': 'Valkey alone takes several numbers' },
    callsOn: { 'valkey-9.1': [['ID', '1', '2']] },
  },
  'CLIENT LIST': { values: FILTERS, before: findBystander },
  'CLIENT PAUSE': { values: { timeout: '10' } },
  'CLIENT SETINFO': { values: { libname: 'nestjs-redwire', libver: '1.0.0' } },
  'CLIENT SETNAME': { values: { 'connection-name': 'named' } },
};
