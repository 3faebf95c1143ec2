import { describe, expect, it } from '@jest/globals';
import { parseClusterNode, parseClusterNodes } from '../../../lib/core/commands/cluster-nodes.js';
import { clusterNodes } from '../../../lib/core/commands/reply-transforms.js';

// one real node is in test/integration/server-lists.spec.ts; here: what it cannot show

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);

describe('a line of CLUSTER NODES', () => {
  it('of a master, with ranges, single slots, and slots on their way', () => {
    const line = `${A} 127.0.0.1:30001@31001,host.example myself,master - 0 1426238317239 2 connected 0-5460 5462 [5463->-${B}] [5464-<-${B}]`;
    expect(parseClusterNode(line)).toEqual({
      id: A,
      host: '127.0.0.1',
      port: 30_001,
      busPort: 31_001,
      hostname: 'host.example',
      metadata: {},
      flags: ['myself', 'master'],
      masterId: null,
      pingSent: 0,
      pongReceived: 1_426_238_317_239,
      epoch: 2,
      linkState: 'connected',
      slots: [
        { start: 0, end: 5_460 },
        { start: 5_462, end: 5_462 },
      ],
      migrating: [{ slot: 5_463, to: B }],
      importing: [{ slot: 5_464, from: B }],
    });
  });

  it('of a replica that failed', () => {
    expect(
      parseClusterNode(`${A} 10.0.0.2:6379@16379 slave,fail ${B} 1732205 1732206 7 disconnected`),
    ).toEqual({
      id: A,
      host: '10.0.0.2',
      port: 6_379,
      busPort: 16_379,
      hostname: null,
      metadata: {},
      flags: ['slave', 'fail'],
      masterId: B,
      pingSent: 1_732_205,
      pongReceived: 1_732_206,
      epoch: 7,
      linkState: 'disconnected',
      slots: [],
      migrating: [],
      importing: [],
    });
  });

  it.each([
    [':0@0 master,noaddr', { host: '', port: 0, busPort: 0, flags: ['master', 'noaddr'] }],
    ['1.2.3.4:1@2 noflags', { flags: [] }],
    ['1.2.3.4:1@2 master,fail?,nofailover', { flags: ['master', 'fail?', 'nofailover'] }],
    ['2001:db8::7:6379@16379 handshake', { host: '2001:db8::7', port: 6_379, busPort: 16_379 }],
    ['1.2.3.4:1@2, master', { hostname: null, metadata: {} }],
    ['1.2.3.4:1@2,h, master', { hostname: 'h', metadata: {} }],
    [
      '1.2.3.4:1@2,,tls-port=0,shard-id=x=y master',
      { hostname: null, metadata: { 'tls-port': '0', 'shard-id': 'x=y' } },
    ],
    ['1.2.3.4:1@2,h.example,plain master', { hostname: 'h.example', metadata: { plain: '' } }],
  ])('%s', (part, expected) => {
    expect(parseClusterNode(`${A} ${part} - 0 0 0 connected`)).toMatchObject(expected);
  });

  it('an epoch past 2^53 is exact', () => {
    const { epoch } = parseClusterNode(`${A} 1.2.3.4:1@2 master - 0 0 18446744073709551615 connected`);
    expect(epoch).toBe(18_446_744_073_709_551_615n);
  });

  it.each([
    'OK',
    `${A} 1.2.3.4:1 master - 0 0 0 connected`,
    `${A} 1.2.3.4:1@2 master - 0 0`,
    `${A} 1.2.3.4:1@2 master - x 0 0 connected`,
    `${A} 1.2.3.4:1@2 master - 0 0 0 connected slots`,
  ])('%s is none', (line) => {
    expect(() => parseClusterNode(line)).toThrow(TypeError);
  });
});

it('many lines in one text, in a list, as bytes', () => {
  const one = `${A} 1.2.3.4:1@2 master - 0 0 1 connected 0-16383`;
  const other = `${B} 1.2.3.5:1@2 slave ${A} 0 0 1 connected`;
  const nodes = parseClusterNodes(`${one}\n${other}\n`);
  expect(nodes.map(({ id, masterId }) => [id, masterId])).toEqual([
    [A, null],
    [B, A],
  ]);
  expect(clusterNodes(Buffer.from(`${one}\n${other}\n`))).toEqual(nodes);
  // CLUSTER REPLICAS
  expect(clusterNodes([one, Buffer.from(other)])).toEqual(nodes);
  expect(clusterNodes([])).toEqual([]);
  expect(clusterNodes(null)).toBeNull();
});
