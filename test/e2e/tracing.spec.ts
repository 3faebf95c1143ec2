import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { App } from '../../scripts/demo/app.mjs';
import { Collector, type Span } from '../../scripts/demo/collector.mjs';
import { eventually, startServer, type TestServer } from '../support/index.js';
import { croissants } from './support/index.js';

/** The sample from its sources, with OpenTelemetry's SDK switched on from outside as in production. */
const PROGRAM = [
  '--disable-warning=ExperimentalWarning',
  '--import',
  './test/support/with-library.mjs',
  '--import',
  './sample/src/tracing/instrument.ts',
  'sample/src/main.ts',
];

describe('the order board, traced by an SDK that --import switched on', () => {
  let server: TestServer;
  let collector: Collector;
  let app: App;

  beforeAll(async () => {
    server = await startServer({ kind: 'redis-8.0' });
    collector = await Collector.start();
    const environment = { REDIS_URL: server.url, PORT: '0', NODE_OPTIONS: '', ...collector.environment };
    app = await App.start(environment, AbortSignal.timeout(60_000), PROGRAM);
  }, 60_000);

  afterAll(async () => {
    await app?.stop();
    await collector?.stop();
    await server?.stop();
  });

  async function place(customer: string): Promise<{ status: number; traceId: string }> {
    const traceId = [...crypto.getRandomValues(new Uint8Array(16))]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('');
    const { status } = await fetch(`${app.url}/orders`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
      body: JSON.stringify({ ...croissants(2), customer }),
    });
    return { status, traceId };
  }

  const named = (spans: readonly Span[], kind: Span['kind'], name: string): Span[] =>
    spans.filter((span) => span.kind === kind && span.name === name);

  test('one trace holds the request, its guard, what it published, the handlers, and the commands inside', async () => {
    const { status, traceId } = await place('Ada');
    expect(status).toBe(201);
    const trace = await eventually(
      () => {
        const spans = collector.spans.filter((span) => span.traceId === traceId);
        expect(named(spans, 'SERVER', 'POST')).toHaveLength(1);
        expect(named(spans, 'CONSUMER', 'process orders.*')).toHaveLength(3);
        expect(named(spans, 'CONSUMER', 'process kitchen:tickets')).toHaveLength(1);
        // the order's, the customer's and the kitchen's
        expect(named(spans, 'CLIENT', 'HSET')).toHaveLength(3);
        return spans;
      },
      { timeout: 15_000 },
    );

    const [request] = named(trace, 'SERVER', 'POST');
    expect(request!.parentSpanId).toBe('00f067aa0ba902b7');
    const under = (parent: Span | undefined): string[] =>
      trace
        .filter(({ parentSpanId }) => parentSpanId === parent?.spanId)
        .map(({ kind, name }) => `${kind} ${name}`)
        .toSorted();
    expect(under(request)).toEqual([
      'CLIENT HSET',
      'CLIENT INCR',
      'CLIENT MULTI',
      'CLIENT ZADD',
      'CLIENT ZADD',
      'PRODUCER add kitchen:tickets',
      'PRODUCER publish orders.pickup',
    ]);

    const [event] = named(trace, 'PRODUCER', 'publish orders.pickup');
    expect(under(event)).toEqual([
      'CLIENT PUBLISH',
      'CONSUMER process orders.*',
      'CONSUMER process orders.*',
      'CONSUMER process orders.*',
    ]);
    const handlers = named(trace, 'CONSUMER', 'process orders.*');
    expect(handlers.map(({ attributes }) => attributes['code.function.name']).toSorted()).toEqual([
      'BoardService.onOrder',
      'CustomersService.onOrder',
      'TallyService.onOrder',
    ]);
    const customers = handlers.find(
      ({ attributes }) => attributes['code.function.name'] === 'CustomersService.onOrder',
    );
    expect(under(customers)).toEqual(['CLIENT HSET']);

    const [ticket] = named(trace, 'PRODUCER', 'add kitchen:tickets');
    expect(under(ticket)).toEqual(['CLIENT XADD', 'CONSUMER process kitchen:tickets']);
    const [baker] = named(trace, 'CONSUMER', 'process kitchen:tickets');
    expect(under(baker)).toEqual(expect.arrayContaining(['CLIENT HSET']));
  });

  test('no span holds what was ordered, or by whom', async () => {
    const customer = 'Quetzalcoatl';
    const { traceId } = await place(customer);
    await eventually(
      () =>
        expect(
          named(
            collector.spans.filter((span) => span.traceId === traceId),
            'CONSUMER',
            'process kitchen:tickets',
          ),
        ).toHaveLength(1),
      { timeout: 15_000 },
    );
    const all = JSON.stringify(collector.spans);
    expect(all).not.toContain(customer);
    expect(all).not.toContain('croissant');
  });
});
