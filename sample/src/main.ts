import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { AppConfig } from './config/app-config.js';
import { setupApp } from './setup-app.js';

const app = setupApp(
  await NestFactory.create<NestExpressApplication>(AppModule, { forceCloseConnections: true }),
);
const { host, port } = app.get(AppConfig, { strict: false });
await app.listen(port, host);
Logger.log(`The order board is open at ${await app.getUrl()}/`, 'OrderBoard');
