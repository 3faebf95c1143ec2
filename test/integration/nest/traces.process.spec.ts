import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { runScript, SERVER_KINDS, startServer, type Ended, type TestServer } from '../../support/index.js';
import { TraceCollector, type CollectedSpan } from './support/trace-collector.js';

const INSTRUMENT = new URL('support/instrument.mjs', import.meta.url);

let server: TestServer;

beforeAll(async () => {
  server = await startServer({ kind: SERVER_KINDS[0]! });
});

afterAll(() => server.stop());

/** Runs a process with the SDK, which sends its spans to the collector, and waits for its end. */
function runTraced(app: string, collector: TraceCollector, flags: string[] = []): Promise<Ended> {
  return runScript(new URL(`support/${app}`, import.meta.url), {
    args: [server.url],
    flags,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    },
  });
}

function childrenOf(parent: CollectedSpan, spans: readonly CollectedSpan[]): string[] {
  return spans
    .filter(({ parentSpanId, traceId }) => parentSpanId === parent.spanId && traceId === parent.traceId)
    .map(({ name }) => name);
}

it('with the SDK by --import, commands are children of the HTTP request, and all arrive before the process ends', async () => {
  await using collector = await TraceCollector.start();
  expect(await runTraced('traced-app.mjs', collector, ['--import', INSTRUMENT.href])).toEqual({
    code: 0,
    stdout: '{"stored":0}\n',
    stderr: '',
  });
  const { spans } = collector;
  const request = spans.find(({ kind, scope }) => kind === 2 && scope.endsWith('instrumentation-http'))!;
  expect(childrenOf(request, spans)).toEqual(['SET', 'GET', 'PIPELINE', 'EXISTS']);
  const ours = spans.filter(({ scope }) => scope === 'nestjs-redwire');
  expect(ours).toHaveLength(4);
  expect(ours.map(({ kind }) => kind)).toEqual([3, 3, 3, 3]);
  expect(JSON.stringify(spans)).not.toContain('hunter2');
});

it('an SDK that is turned on after the module was made gets the spans from then on', async () => {
  await using collector = await TraceCollector.start();
  expect(await runTraced('late-sdk-app.mjs', collector)).toEqual({ code: 0, stdout: '', stderr: '' });
  const { spans } = collector;
  expect(spans.map(({ name }) => name)).toEqual(['GET', 'request']);
  expect(childrenOf(spans[1]!, spans)).toEqual(['GET']);
});
