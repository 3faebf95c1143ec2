import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { RedisClient } from 'nestjs-redwire';
import { TraceCollector } from '../integration/nest/support/trace-collector.js';
import { SERVER_KINDS, startServer, type TestServer } from '../support/index.js';

let server: TestServer;
let module: TestingModule | undefined;

beforeAll(async () => {
  server = await startServer({ kind: SERVER_KINDS[0]! });
});

afterAll(async () => {
  await module?.close();
  await server.stop();
});

it('telemetry.md: the SDK as it is set up there gets the spans, and sends what is left at shutdown()', async () => {
  await using collector = await TraceCollector.start();
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
  process.env.OTEL_METRICS_EXPORTER = 'none';
  process.env.OTEL_LOGS_EXPORTER = 'none';
  process.env.REDIS_URL = server.url;
  const { sdk } = await import('./examples/instrument.js');
  const { traced } = await import('./examples/telemetry.js');
  module = await Test.createTestingModule({ imports: [traced()] }).compile();
  await module.init();
  await module.get(RedisClient).set('key', 'value');
  await sdk.shutdown();
  const ours = collector.spans.filter(({ scope }) => scope === 'nestjs-redwire');
  expect(ours).toMatchObject([{ name: 'SET', kind: 3 }]);
});
