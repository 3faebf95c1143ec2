// @ts-check
/** What users run by `node --import ./instrument.mjs app.mjs`: the SDK, with spans of HTTP. */
import { register } from 'node:module';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK } from '@opentelemetry/sdk-node';

// the library's sources, as tests run them, are TypeScript, which these hooks do not read
register('@opentelemetry/instrumentation/hook.mjs', import.meta.url, { data: { exclude: [/\.ts$/] } });

const sdk = new NodeSDK({
  serviceName: 'orders',
  traceExporter: new OTLPTraceExporter(),
  instrumentations: [new HttpInstrumentation()],
});
sdk.start();
process.once('beforeExit', () => void sdk.shutdown());
