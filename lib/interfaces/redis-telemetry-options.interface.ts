/** What a connection reports to OpenTelemetry. Either needs the package `@opentelemetry/api`, and an SDK that collects. */
export interface RedisTelemetryOptions {
  /** A CLIENT span per command and a CONSUMER span per handled message. Values are never recorded. Default false. */
  traces?: boolean;
  /** The histogram `db.client.operation.duration`. Default false. */
  metrics?: boolean;
}
