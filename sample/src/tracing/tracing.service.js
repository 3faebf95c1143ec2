var __decorate =
  (this && this.__decorate) ||
  function (decorators, target, key, desc) {
    var c = arguments.length,
      r = c < 3 ? target : desc === null ? (desc = Object.getOwnPropertyDescriptor(target, key)) : desc,
      d;
    if (typeof Reflect === 'object' && typeof Reflect.decorate === 'function')
      r = Reflect.decorate(decorators, target, key, desc);
    else
      for (var i = decorators.length - 1; i >= 0; i--)
        if ((d = decorators[i])) r = (c < 3 ? d(r) : c > 3 ? d(target, key, r) : d(target, key)) || r;
    return (c > 3 && r && Object.defineProperty(target, key, r), r);
  };
var __metadata =
  (this && this.__metadata) ||
  function (k, v) {
    if (typeof Reflect === 'object' && typeof Reflect.metadata === 'function') return Reflect.metadata(k, v);
  };
import { Injectable } from '@nestjs/common';
import { context, trace } from '@opentelemetry/api';
import { ConsoleSpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { AppConfig } from '../config/app-config.js';
/** With `OTEL=console` every span goes to stdout; `OTEL_TRACES_SAMPLER` and its kin thin them out. */
let TracingService = class TracingService {
  constructor(config) {
    if (config.tracing === 'off') return;
    this.provider = new NodeTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())],
    });
    this.provider.register();
  }
  async onApplicationShutdown() {
    if (!this.provider) return;
    await this.provider.shutdown();
    trace.disable();
    context.disable();
  }
};
TracingService = __decorate([Injectable(), __metadata('design:paramtypes', [AppConfig])], TracingService);
export { TracingService };
