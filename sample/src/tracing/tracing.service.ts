import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { context, trace } from '@opentelemetry/api';
import { ConsoleSpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { AppConfig } from '../config/app-config.js';

/** With `OTEL=console` every span goes to stdout; `OTEL_TRACES_SAMPLER` and its kin thin them out. */
@Injectable()
export class TracingService implements OnApplicationShutdown {
  private readonly provider: NodeTracerProvider | undefined;

  constructor(config: AppConfig) {
    if (config.tracing === 'off') return;
    this.provider = new NodeTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())],
    });
    this.provider.register();
  }

  async onApplicationShutdown(): Promise<void> {
    if (!this.provider) return;
    await this.provider.shutdown();
    trace.disable();
    context.disable();
  }
}
