import { type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { RedisClientError } from 'nestjs-redwire';
/** Redis cannot be reached, or answers too late: not the request's fault, and worth another try soon. */
export declare class RedisUnavailableFilter implements ExceptionFilter<RedisClientError> {
  private readonly adapterHost;
  private readonly logger;
  constructor(adapterHost: HttpAdapterHost);
  catch(error: RedisClientError, host: ArgumentsHost): void;
}
