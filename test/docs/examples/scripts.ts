import { RedisScript, type RedisClient } from 'nestjs-redwire/core';

export async function bound(client: RedisClient) {
  // #region bound
  const take = client.script({
    lua: `
      local left = tonumber(redis.call('GET', KEYS[1]) or 0)
      if left < tonumber(ARGV[1]) then return nil end
      return redis.call('DECRBY', KEYS[1], ARGV[1])`,
    keys: 1,
    reply: (reply) => reply as number | null,
  });
  const left = await take.call(['stock'], [2]); // number | null
  // #endregion
  return { left, none: await take.call(['stock'], [1_000]) };
}

// #region module
export const ADD_CAPPED = new RedisScript({
  lua: `
    local sum = redis.call('INCRBY', KEYS[1], ARGV[1])
    if sum > tonumber(ARGV[2]) then redis.call('SET', KEYS[1], ARGV[2]) end
    return redis.call('GET', KEYS[1])`,
  keys: 1,
  reply: Number,
});
// #endregion

export async function called(client: RedisClient) {
  // #region call
  const sum = await client.callScript(ADD_CAPPED, ['n'], [5, 100]); // 5
  const soon = await client.with({ timeout: 100 }).callScript(ADD_CAPPED, ['n'], [5, 100]); // 10
  const [, piped] = await client.pipeline().get('n').callScript(ADD_CAPPED, ['n'], [5, 100]).exec(); // 15
  const [last] = await client.multi((tx) => tx.callScript(ADD_CAPPED, ['n'], [500, 100])); // 100
  // #endregion
  return [sum, soon, piped, last];
}

export async function text(client: RedisClient) {
  // #region text
  const type = await client.evalshaOrEval('return redis.call("TYPE", KEYS[1]).ok', ['name'], []); // 'string'
  // #endregion
  return type;
}

export async function readOnly(client: RedisClient) {
  // #region read-only
  const total = client.script({
    lua: `
      local sum = 0
      for _, key in ipairs(KEYS) do sum = sum + (redis.call('GET', key) or 0) end
      return sum`,
    readOnly: true, // any number of keys: `keys` is not given
    reply: Number,
  });
  const sum = await total.call(['a', 'b', 'none']);
  // #endregion
  return sum;
}

export async function functions(client: RedisClient) {
  // #region functions
  const library = `#!lua name=shop
    redis.register_function('sell', function(keys, args)
      return redis.call('DECRBY', keys[1], args[1])
    end)
    redis.register_function{
      function_name = 'stock',
      callback = function(keys) return redis.call('GET', keys[1]) end,
      flags = { 'no-writes' },
    }`;
  await client.functionLoad(library, { replace: true });
  const left = await client.fcall('sell', ['apples'], [3]);
  const seen = await client.fcallRo('stock', ['apples']);
  // #endregion
  return { left, seen };
}
