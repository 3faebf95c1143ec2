/** What a connection reports to OpenTelemetry. Either needs the package `@opentelemetry/api`, and an SDK that collects. */
export interface RedisTelemetryOptions {
  /** A CLIENT span per command and a CONSUMER span per handled message. Values are never recorded. Default false. */
  traces?: boolean | undefined;
  /** Commands, errors, connections, reconnects and the waits for pooled connections: see docs/telemetry.md. Default false. */
  metrics?: boolean | undefined;
}
