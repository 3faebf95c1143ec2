/**
 * What observing costs: clients of the Nest module with traces or metrics on and off beside one that nobody observes, and what the
 * OpenTelemetry SDK takes by itself for the same spans.
 */
const ENTRY = new URL('../../dist/index.js', import.meta.url);

/** All that a span of a GET carries. */
const attributes = ({ host, port }) => ({
  'db.system.name': 'redis',
  'db.operation.name': 'GET',
  'db.namespace': '0',
  'server.address': host,
  'server.port': port,
  'db.query.text': 'GET ?',
});

/** @param sampled false: a sampler that wants no span. */
export async function makeObserved(address, { traces, metrics, sampled }) {
  await import('reflect-metadata');
  const { Module } = await import('@nestjs/common');
  const { NestFactory } = await import('@nestjs/core');
  const { SpanKind } = await import('@opentelemetry/api');
  const { RedisClient, RedisModule } = await import(ENTRY.href);
  const tracer = await startSdk(sampled);
  const meters = metrics ? await startMetrics() : undefined;
  class App {}
  Module({ imports: [RedisModule.forRoot({ ...address, telemetry: { traces, metrics } })] })(App);
  const app = await NestFactory.createApplicationContext(App, { logger: false });
  const redis = app.get(RedisClient);
  const plain = new RedisClient(address);
  await plain.connect();
  const options = { kind: SpanKind.CLIENT, attributes: attributes(address) };
  return {
    observedGet: (key) => redis.get(key),
    unobservedGet: (key) => plain.get(key),
    bareSpanGet: (key) => {
      const span = tracer.startSpan('GET', options);
      const reply = plain.get(key);
      span.end();
      return reply;
    },
    closeObserved: async () => {
      await plain.close();
      await app.close();
      await meters?.shutdown();
    },
  };
}

/** As an application has it: spans leave in batches, to an exporter that drops them. */
async function startSdk(sampled) {
  const { AlwaysOffSampler, AlwaysOnSampler, BatchSpanProcessor, NodeTracerProvider } =
    await import('@opentelemetry/sdk-trace-node');
  const exporter = {
    export: (_spans, done) => done({ code: 0 }),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const provider = new NodeTracerProvider({
    sampler: sampled ? new AlwaysOnSampler() : new AlwaysOffSampler(),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  provider.register();
  return provider.getTracer('floor');
}

/** Collected into memory, as an exporter would collect. */
async function startMetrics() {
  const { metrics } = await import('@opentelemetry/api');
  const { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } =
    await import('@opentelemetry/sdk-metrics');
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000 });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  return provider;
}
