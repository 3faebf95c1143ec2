import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  Logger,
  ServiceUnavailableException,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { RedisClientError } from 'nestjs-redwire';

/** Redis cannot be reached, or answers too late: not the request's fault, and worth another try soon. */
@Catch(RedisClientError)
export class RedisUnavailableFilter implements ExceptionFilter<RedisClientError> {
  private readonly logger = new Logger(RedisUnavailableFilter.name);

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: RedisClientError, host: ArgumentsHost): void {
    this.logger.warn(error.message);
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    const answer = new ServiceUnavailableException('The order board cannot reach its store. Try again soon.');
    httpAdapter.setHeader(response, 'Retry-After', '1');
    httpAdapter.reply(response, answer.getResponse(), answer.getStatus());
  }
}
