import { Global, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { RedisMessageHandlers } from './pubsub/redis-message-handlers.service.js';
import { RedisConnections } from './redis-connections.service.js';
import { RedisHandlersModule } from './redis-handlers.module.js';
import { isLoadedLazily } from './lazy-modules.js';
import { RedisUnknownModule } from './redis-unknown.module.js';
import { RedisStreamHandlers } from './streams/redis-stream-handlers.service.js';

/**
 * What all `RedisModule` imports of an application share, and the one place where its life is written down: which
 * connections there are, when they open and close. Handlers start and stop by `RedisHandlersModule`.
 */
@Global()
@Module({
  imports: [RedisHandlersModule, RedisUnknownModule],
  providers: [
    {
      provide: RedisConnections,
      inject: [ModulesContainer],
      useFactory: (modules: ModulesContainer) =>
        new RedisConnections(isLoadedLazily(modules, RedisHandlersModule)),
    },
  ],
  exports: [RedisConnections, RedisHandlersModule],
})
export class RedisHostModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly connections: RedisConnections,
    private readonly handlers: RedisMessageHandlers,
    private readonly streamHandlers: RedisStreamHandlers,
    modules: ModulesContainer,
  ) {
    // Nest runs the hooks of distant modules first at boot and last at shutdown, global ones being the most distant.
    // One step further: every other module, global ones too, finds Redis open in onModuleInit and until it is done in
    // onApplicationShutdown.
    for (const module of modules.values()) {
      if (module.metatype === RedisHostModule) module.distance = Infinity;
    }
  }

  /** Connects. Handlers are found before, since a wrong one is better known before ten seconds of trying to connect. */
  async onModuleInit(): Promise<void> {
    this.handlers.discover();
    this.streamHandlers.discover();
    await this.connections.open();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connections.close();
  }
}
