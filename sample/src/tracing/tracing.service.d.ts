import { type OnApplicationShutdown } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
/** With `OTEL=console` every span goes to stdout; `OTEL_TRACES_SAMPLER` and its kin thin them out. */
export declare class TracingService implements OnApplicationShutdown {
  private readonly provider;
  constructor(config: AppConfig);
  onApplicationShutdown(): Promise<void>;
}
