import { describe, expect, it } from '@jest/globals';
import { mergeArguments } from '../../../scripts/commands/merge-arguments.mjs';

const token = (word: string, more = {}) => ({
  name: word.toLowerCase(),
  type: 'pure-token',
  token: word,
  ...more,
});
const leaf = (name: string, more = {}) => ({ name, type: 'string', ...more });
const group = (type: string, name: string, ...parts: object[]) => ({ name, type, arguments: parts });
const optional = { flags: ['optional'] };

const old = (...grammar: object[]) => ({ label: 'redis-7.0', product: 'redis', arguments: grammar });
const redis = (...grammar: object[]) => ({ label: 'redis-8.0', product: 'redis', arguments: grammar });
const valkey = (...grammar: object[]) => ({ label: 'valkey-9.1', product: 'valkey', arguments: grammar });
const merge = (...servers: object[]) => mergeArguments(servers as never, 'redis-8.0', false) as object[];

describe('the grammars of several servers', () => {
  it('are one where they say the same in other words', () => {
    const servers = [
      old(leaf('groupname'), group('block', 'a_b', leaf('a'), leaf('b'))),
      redis(leaf('group'), group('block', 'pair', leaf('a'), leaf('b'))),
    ];
    expect(merge(...servers)).toEqual([
      leaf('group'),
      { name: 'pair', type: 'block', arguments: [leaf('a'), leaf('b')] },
    ]);
  });

  it('mark what only some of them take', () => {
    const servers = [
      old(leaf('key')),
      redis(leaf('key'), token('WITHSCORE', { ...optional, since: '7.2.0' })),
    ];
    expect(merge(...servers)).toEqual([
      leaf('key'),
      { ...token('WITHSCORE'), optional: true, since: '7.2.0', servers: ['redis-8.0'] },
    ]);
  });

  it('take in what another product adds, where it adds it', () => {
    const choice = group('oneof', 'condition', token('NX'), token('XX'));
    const more = group('oneof', 'condition', token('NX'), token('XX'), leaf('value', { token: 'IFEQ' }));
    const merged = merge(redis(choice, token('GET', optional)), valkey(more, token('GET', optional))) as [
      { arguments: object[] },
      object,
    ];
    expect(merged[0].arguments[2]).toEqual({
      name: 'value',
      type: 'string',
      token: 'IFEQ',
      servers: ['valkey-9.1'],
    });
    expect(merged[1]).toEqual({ ...token('GET'), optional: true });
  });

  it('do not double what is only grouped otherwise', () => {
    const range = group('block', 'range', leaf('start'), leaf('end'), token('BYTE'));
    const nested = group('block', 'range', leaf('start'), group('block', 'more', leaf('end'), token('BYTE')));
    expect(merge(redis(range), valkey(nested))).toEqual([
      { name: 'range', type: 'block', arguments: [leaf('start'), leaf('end'), token('BYTE')] },
    ]);
  });

  it('take a choice of words for the plain text that an old server calls it', () => {
    const servers = [old(leaf('operation')), redis(group('oneof', 'operation', token('AND'), token('OR')))];
    expect(JSON.stringify(merge(...servers))).not.toContain('servers');
  });
});
