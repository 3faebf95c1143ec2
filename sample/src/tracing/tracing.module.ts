import { Module } from '@nestjs/common';
import { TracingService } from './tracing.service.js';

@Module({ providers: [TracingService] })
export class TracingModule {}
