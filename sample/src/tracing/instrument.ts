import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { SERVICE } from '../redis/connections.js';

// Loaded before the application: `node --import ./sample/dist/tracing/instrument.js sample/dist/main.js`. OpenTelemetry's own
// variables say where spans go: OTEL_TRACES_EXPORTER=console, or otlp with OTEL_EXPORTER_OTLP_ENDPOINT.
new NodeSDK({ serviceName: SERVICE, instrumentations: [new HttpInstrumentation()] }).start();
