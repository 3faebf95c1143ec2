import { createRequire } from 'node:module';
import type { INestApplication, NestApplicationOptions, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/**
 * An application on the HTTP platform that `REDWIRE_NEST_PLATFORM` names: `express`, which is also the default, or `fastify`.
 *
 * @throws {Error} where this is not the Nest that `REDWIRE_NEST` says: a matrix whose runs are all the same shows nothing.
 */
export async function createNestApp(
  module: Type,
  options: NestApplicationOptions = { logger: false },
): Promise<INestApplication> {
  const wanted = process.env.REDWIRE_NEST;
  const { version } = createRequire(import.meta.url)('@nestjs/core/package.json') as { version: string };
  if (wanted && !version.startsWith(`${wanted}.`)) throw new Error(`This is Nest ${version}, not ${wanted}.`);
  const platform = process.env.REDWIRE_NEST_PLATFORM || 'express';
  if (platform === 'express') return NestFactory.create(module, options);
  if (platform === 'fastify') return NestFactory.create(module, new FastifyAdapter(), options);
  throw new Error(`REDWIRE_NEST_PLATFORM is express or fastify, not '${platform}'.`);
}
