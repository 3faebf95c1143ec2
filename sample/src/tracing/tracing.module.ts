import { Module } from '@nestjs/common';
import { ConfigModule } from '../config/config.module.js';
import { TracingService } from './tracing.service.js';

@Module({ imports: [ConfigModule], providers: [TracingService] })
export class TracingModule {}
