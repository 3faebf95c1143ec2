// @ts-check
import { once } from 'node:events';
import { createServer } from 'node:http';

/**
 * @typedef {object} Span
 * @property {string} traceId
 * @property {string} spanId
 * @property {string | undefined} parentSpanId
 * @property {string} name
 * @property {'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER'} kind
 * @property {number} duration  ms
 * @property {Record<string, unknown>} attributes
 */

/** As the OpenTelemetry protocol numbers them. */
const KINDS = /** @type {const} */ ({
  1: 'INTERNAL',
  2: 'SERVER',
  3: 'CLIENT',
  4: 'PRODUCER',
  5: 'CONSUMER',
});

/** Stands in for an OpenTelemetry collector: takes spans over HTTP, in OTLP's JSON, and keeps them. */
export class Collector {
  /** @type {Span[]} */
  spans = [];
  #server = createServer(async (request, response) => {
    try {
      let text = '';
      for await (const chunk of request.setEncoding('utf8')) text += chunk;
      this.spans.push(...readSpans(JSON.parse(text)));
      response.setHeader('Content-Type', 'application/json').end('{}');
    } catch (error) {
      response.writeHead(400).end(String(error));
    }
  });

  /** @returns {Promise<Collector>} one that listens, on a free port */
  static async start() {
    const collector = new Collector();
    await once(collector.#server.listen(0, '127.0.0.1'), 'listening');
    return collector;
  }

  /** What makes an OpenTelemetry SDK send its traces here, and soon. @returns {Record<string, string>} */
  get environment() {
    const address = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    return {
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${address.port}`,
      OTEL_BSP_SCHEDULE_DELAY: '100',
    };
  }

  async stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/**
 * @param {any} request
 * @returns {Span[]}
 */
function readSpans({ resourceSpans = [] }) {
  return resourceSpans
    .flatMap((/** @type {any} */ { scopeSpans = [] }) => scopeSpans)
    .flatMap((/** @type {any} */ { spans = [] }) => spans)
    .map((/** @type {any} */ span) => ({
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId || undefined,
      name: span.name,
      kind: KINDS[/** @type {keyof typeof KINDS} */ (span.kind)],
      duration: (Number(span.endTimeUnixNano) - Number(span.startTimeUnixNano)) / 1e6,
      attributes: Object.fromEntries(
        (span.attributes ?? []).map((/** @type {any} */ { key, value }) => [key, Object.values(value)[0]]),
      ),
    }));
}
