import { expect, it } from '@jest/globals';
import { PerServer } from '../../../lib/telemetry/metric-conventions.js';

const at = (port: number) => ({ host: '10.0.0.1', port, path: undefined });

it('tells 64 servers apart, and the others by no address', () => {
  const made: (number | undefined)[] = [];
  const servers = new PerServer(({ host, port }) => {
    made.push(port);
    return `${host}:${port}`;
  });
  for (let round = 0; round < 2; round++) {
    for (let port = 1; port <= 64; port++) expect(servers.get(at(port))).toBe(`10.0.0.1:${port}`);
    for (let port = 65; port <= 100; port++) expect(servers.get(at(port))).toBe('undefined:undefined');
  }
  expect(made).toEqual([...Array.from({ length: 64 }, (_, index) => index + 1), undefined]);
  expect([...servers]).toHaveLength(65);
});
