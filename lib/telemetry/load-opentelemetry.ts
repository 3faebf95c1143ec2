export type OpenTelemetryApi = typeof import('@opentelemetry/api');

/**
 * Loads `@opentelemetry/api`, an optional peer of this package: applications without telemetry need not install it.
 *
 * @throws {Error} saying who asks for it and how to install it.
 */
export async function loadOpenTelemetry(asker: string): Promise<OpenTelemetryApi> {
  try {
    return await import('@opentelemetry/api');
  } catch (cause) {
    throw new Error(
      `${asker} needs the package @opentelemetry/api: run npm install @opentelemetry/api, or turn it off.`,
      { cause },
    );
  }
}
