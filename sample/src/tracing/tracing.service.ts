import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ProxyTracerProvider, trace, type TracerProvider } from '@opentelemetry/api';

/** Sends what spans are left when the application ends. Without an SDK there is nothing to send. */
@Injectable()
export class TracingService implements OnApplicationShutdown {
  async onApplicationShutdown(): Promise<void> {
    const provider = trace.getTracerProvider();
    const sdk: TracerProvider & { forceFlush?: () => Promise<void> } =
      provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;
    await sdk.forceFlush?.();
  }
}
