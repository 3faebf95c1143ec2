import { describe, expect, it } from '@jest/globals';
import { resolveCluster } from '../../../../lib/core/resolve-topology.js';

describe('natMap', () => {
  const to = { host: 'gate', port: 7_000 };

  it.each(['[::1]:7001', '::1:7001'])('takes an IPv6 address as %s', (from) => {
    const { nat } = resolveCluster({ natMap: { [from]: to } });
    expect(nat({ host: '::1', port: 7_001 })).toEqual(to);
    expect(nat({ host: '::1', port: 7_002 })).toEqual({ host: '::1', port: 7_002 });
  });

  it.each([null, undefined])('a function that gives %p leaves the address as it is', (given) => {
    const { nat } = resolveCluster({ natMap: () => given as undefined });
    expect(nat({ host: '::1', port: 7_001 })).toEqual({ host: '::1', port: 7_001 });
  });

  it.each([{}, { port: 1 }, { host: '' }, { host: 'gate', port: 0 }, 'gate:x', Promise.resolve(to)])(
    'a function that gives %p is told what it must give',
    (given) => {
      const { nat } = resolveCluster({ natMap: () => given as never });
      expect(() => nat({ host: '::1', port: 7_001 })).toThrow(
        /'cluster\.natMap\('::1:7001'\)' must be \{ host, port \}/,
      );
    },
  );
});
