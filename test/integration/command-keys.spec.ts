import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { commandByName } from '../../lib/core/commands/command-by-name.js';
import type { CommandSpec } from '../../lib/core/commands/command-spec.js';
import { allCommands } from '../../lib/core/commands/commands.generated.js';
import { keyPositions } from '../../lib/core/commands/key-positions.js';
import { commandModels } from '../support/conformance/commands.js';
import { NO_FACTS } from '../support/conformance/facts.js';
import { callsOf } from '../support/conformance/run.js';
import { valuesOf } from '../support/conformance/values.js';
import { SERVER_KINDS, startServer, type TestServer } from '../support/index.js';

/** A call for every command that has keys, several where they can stand in different places. */
const CALLS = `
  APPEND k v | BITCOUNT k 0 1 | BITFIELD k GET u8 0 | BITFIELD_RO k GET u8 0 | BITOP AND d a b c | BITPOS k 1
  BLMOVE a b LEFT RIGHT 1 | BLMPOP 1 2 a b LEFT COUNT 2 | BLPOP a b c 1 | BRPOP a 1 | BRPOPLPUSH a b 1
  BZMPOP 1 2 a b MIN | BZPOPMAX a b 1 | BZPOPMIN a 1
  COPY a b DB 1 | DECR k | DECRBY k 2 | DEL a b c | DELIFEQ k v | DUMP k
  EVAL return 2 a b x y | EVAL return 0 x | EVALSHA abc 1 a x | EVALSHA_RO abc 1 a | EVAL_RO return 1 a
  EXISTS a b | EXPIRE k 1 NX | EXPIREAT k 1 | EXPIRETIME k
  FCALL f 2 a b x | FCALL_RO f 1 a
  GEOADD k NX 1 2 m 3 4 n | GEODIST k a b | GEOHASH k a b | GEOPOS k a
  GEORADIUS k 1 2 3 m COUNT 1 STORE d | GEORADIUS k 1 2 3 m STOREDIST d | GEORADIUS k 1 2 3 m WITHDIST
  GEORADIUSBYMEMBER k STORE 3 m STORE d | GEORADIUSBYMEMBER k m 3 m ASC STOREDIST d | GEORADIUSBYMEMBER_RO k m 3 m | GEORADIUS_RO k 1 2 3 m
  GEOSEARCH k FROMMEMBER a BYRADIUS 1 m | GEOSEARCHSTORE d s FROMMEMBER a BYRADIUS 1 m
  GET k | GETBIT k 1 | GETDEL k | GETEX k EX 1 | GETRANGE k 0 1 | GETSET k v
  HDEL k f g | HEXISTS k f | HEXPIRE k 1 FIELDS 1 f | HEXPIREAT k 1 FIELDS 1 f | HEXPIRETIME k FIELDS 1 f | HGET k f | HGETALL k
  HGETDEL k FIELDS 1 f | HGETEX k EX 1 FIELDS 1 f | HINCRBY k f 1 | HINCRBYFLOAT k f 1 | HKEYS k | HLEN k | HMGET k f g | HMSET k f v
  HPERSIST k FIELDS 1 f | HPEXPIRE k 1 FIELDS 1 f | HPEXPIREAT k 1 FIELDS 1 f | HPEXPIRETIME k FIELDS 1 f | HPTTL k FIELDS 1 f
  HRANDFIELD k 1 | HSCAN k 0 | HSET k f v g w | HSETEX k FIELDS 1 f v | HSETNX k f v | HSTRLEN k f | HTTL k FIELDS 1 f | HVALS k
  INCR k | INCRBY k 1 | INCRBYFLOAT k 1 | LCS a b LEN | LINDEX k 0 | LINSERT k BEFORE a b | LLEN k | LMOVE a b LEFT LEFT
  LMPOP 2 a b LEFT | LPOP k 1 | LPOS k e | LPUSH k a b | LPUSHX k a | LRANGE k 0 1 | LREM k 0 a | LSET k 0 a | LTRIM k 0 1
  MEMORY USAGE k SAMPLES 1 | MGET a b c
  MIGRATE h 1 k 0 1 COPY | MIGRATE h 1 "" 0 1 COPY KEYS a b | MIGRATE h 1 "" 0 1 AUTH KEYS KEYS a | MIGRATE h 1 "" 0 1 AUTH2 u KEYS REPLACE KEYS a b
  MOVE k 1 | MSET a 1 b 2 | MSETEX 2 a 1 b 2 EX 10 | MSETNX a 1 b 2
  OBJECT ENCODING k | OBJECT FREQ k | OBJECT IDLETIME k | OBJECT REFCOUNT k
  PERSIST k | PEXPIRE k 1 | PEXPIREAT k 1 | PEXPIRETIME k | PFADD k a | PFCOUNT a b | PFDEBUG ENCODING k | PFMERGE d a b
  PSETEX k 1 v | PTTL k | RENAME a b | RENAMENX a b | RESTORE k 0 x REPLACE | RESTORE-ASKING k 0 x | RPOP k | RPOPLPUSH a b | RPUSH k a | RPUSHX k a
  SADD k a b | SCARD k | SDIFF a b | SDIFFSTORE d a b | SET k v EX 1 | SETBIT k 1 1 | SETEX k 1 v | SETNX k v | SETRANGE k 1 v
  SINTER a b | SINTERCARD 2 a b LIMIT 1 | SINTERSTORE d a b | SISMEMBER k m | SMEMBERS k | SMISMEMBER k m | SMOVE a b m
  SORT k | SORT k BY w_* LIMIT 0 1 GET # GET o_* DESC STORE d | SORT k BY STORE GET STORE STORE d | SORT k STORE a STORE b
  SORT_RO k BY w_* | SPOP k | SRANDMEMBER k 1 | SREM k a | SSCAN k 0 | STRLEN k | SUBSTR k 0 1 | SUNION a b | SUNIONSTORE d a b
  TOUCH a b | TTL k | TYPE k | UNLINK a b | WATCH a b
  VADD k VALUES 1 1 e | VCARD k | VDIM k | VEMB k e | VGETATTR k e | VINFO k | VISMEMBER k e | VLINKS k e | VRANDMEMBER k | VREM k e | VSETATTR k e {} | VSIM k ELE e
  XACK k g 1-1 | XADD k NOMKSTREAM * f v | XAUTOCLAIM k g c 0 0 | XCLAIM k g c 0 1-1 | XDEL k 1-1
  XGROUP CREATE k g $ | XGROUP CREATECONSUMER k g c | XGROUP DELCONSUMER k g c | XGROUP DESTROY k g | XGROUP SETID k g 0
  XINFO CONSUMERS k g | XINFO GROUPS k | XINFO STREAM k FULL | XLEN k | XPENDING k g | XRANGE k - +
  XREAD STREAMS a 0 | XREAD COUNT 1 BLOCK 5 STREAMS a b c 0 0 0 | XREADGROUP GROUP g c STREAMS a b > > | XREADGROUP GROUP g STREAMS NOACK STREAMS a >
  XREVRANGE k + - | XSETID k 1-1 | XTRIM k MAXLEN 1
  ZADD k NX 1 m | ZCARD k | ZCOUNT k 0 1 | ZDIFF 2 a b WITHSCORES | ZDIFFSTORE d 2 a b | ZINCRBY k 1 m | ZINTER 2 a b WEIGHTS 1 2 | ZINTERCARD 2 a b
  ZINTERSTORE d 2 a b AGGREGATE MAX | ZLEXCOUNT k - + | ZMPOP 2 a b MIN | ZMSCORE k m | ZPOPMAX k | ZPOPMIN k 1 | ZRANDMEMBER k | ZRANGE k 0 1
  ZRANGEBYLEX k - + | ZRANGEBYSCORE k 0 1 | ZRANGESTORE d s 0 1 | ZRANK k m | ZREM k m | ZREMRANGEBYLEX k - + | ZREMRANGEBYRANK k 0 1
  ZREMRANGEBYSCORE k 0 1 | ZREVRANGE k 0 1 | ZREVRANGEBYLEX k + - | ZREVRANGEBYSCORE k 1 0 | ZREVRANK k m | ZSCAN k 0 | ZSCORE k m
  ZUNION 2 a b WITHSCORES | ZUNIONSTORE d 2 a b WEIGHTS 1 2
`
  .split(/[|\n]/)
  .map((line) => line.trim())
  .filter((line) => line !== '')
  .map((line) => line.split(' ').map((word) => (word === '""' ? '' : word)));

const models = await commandModels();

/** Calls that servers take and whose keys they do not tell: one of the command's two ranges of keys is empty. */
const UNTOLD = ['PFMERGE new'];

/** Has it keys that are prefixed as they are? */
const hasKeys = ({ keys }: CommandSpec) => keys.some((key) => !key.slotOnly && !key.pattern);

const specOf = ([name, next]: string[]) => commandByName(name!, next)!;

it('has a call for every command with keys', () => {
  const called = new Set(CALLS.map((call) => specOf(call).name));
  const missing = allCommands().filter((spec) => hasKeys(spec) && !called.has(spec.name));
  expect(missing.map(({ name }) => name)).toEqual([]);
});

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;
  let client: RedisClient;
  const known = new Set<string>();

  beforeAll(async () => {
    server = await startServer({ kind });
    client = new RedisClient(server.url);
    for (const name of await client.commandList()) known.add(name.toUpperCase().replace('|', ' '));
  });

  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  it('finds the keys of every call where the server finds them', async () => {
    const differences: Record<string, unknown> = {};
    let compared = 0;
    for (const call of CALLS) {
      const spec = specOf(call);
      if (!known.has(spec.name.split(' ')[0]!)) continue;
      const args = call.slice(spec.words);
      const ours = keyPositions(spec, args).map((position) => args[position]);
      const theirs = await client
        .commandGetkeys(call[0]!, call.slice(1))
        .catch((error: Error) => error.message);
      compared++;
      if (JSON.stringify(ours) !== JSON.stringify(theirs)) differences[call.join(' ')] = { ours, theirs };
    }
    expect(differences).toEqual({});
    expect(compared).toBeGreaterThan(200);
  });

  it('finds them in every call that the grammar makes', async () => {
    const differences: Record<string, unknown> = {};
    let compared = 0;
    for (const model of models.filter(({ facts }) => facts.servers.includes(kind))) {
      const words = model.name.split(' ');
      const spec = commandByName(words[0]!, words[1])!;
      if (!hasKeys(spec)) continue;
      for (const sample of callsOf(model, kind)) {
        const args = sample.arguments(valuesOf(model, NO_FACTS));
        const ours = keyPositions(spec, args).map((position) => String(args[position]));
        const theirs = await client.commandGetkeysandflags(words[0]!, words.slice(1), args).then(
          (keys) => (keys as [string, string[]][]).map(([key]) => key),
          (error: Error) => error.message,
        );
        compared++;
        const same = JSON.stringify(ours) === JSON.stringify(theirs);
        if (!same) differences[`${model.name} ${args.map(String).join(' ')}`] = { ours, theirs };
      }
    }
    const untold = { theirs: expect.stringContaining('Invalid arguments') };
    expect(differences).toEqual(
      Object.fromEntries(UNTOLD.map((call) => [call, expect.objectContaining(untold)])),
    );
    expect(compared).toBeGreaterThan(400);
  });
});
