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
var RedisUnavailableFilter_1;
import { Catch, Logger, ServiceUnavailableException } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { RedisClientError } from 'nestjs-redwire';
/** Redis cannot be reached, or answers too late: not the request's fault, and worth another try soon. */
let RedisUnavailableFilter = (RedisUnavailableFilter_1 = class RedisUnavailableFilter {
  constructor(adapterHost) {
    this.adapterHost = adapterHost;
    this.logger = new Logger(RedisUnavailableFilter_1.name);
  }
  catch(error, host) {
    this.logger.warn(error.message);
    const { httpAdapter } = this.adapterHost;
    const response = host.switchToHttp().getResponse();
    const answer = new ServiceUnavailableException('The order board cannot reach its store. Try again soon.');
    httpAdapter.setHeader(response, 'Retry-After', '1');
    httpAdapter.reply(response, answer.getResponse(), answer.getStatus());
  }
});
RedisUnavailableFilter = RedisUnavailableFilter_1 = __decorate(
  [Catch(RedisClientError), __metadata('design:paramtypes', [HttpAdapterHost])],
  RedisUnavailableFilter,
);
export { RedisUnavailableFilter };
