import { Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DiscoveryModule, LazyModuleLoader, ModulesContainer } from '@nestjs/core';
import { afterLazyLoad, isLoadedLazily, shutDownWithApplication } from './lazy-modules.js';
import { RedisHandlers } from './pubsub/redis-handlers.service.js';
import { RedisMessageHandlers } from './pubsub/redis-message-handlers.service.js';
import { RedisConnections } from './redis-connections.service.js';

/**
 * When message handlers start and stop. Apart from `RedisHostModule`, since it stands at the other end of Nest's order:
 * connections open first and close last, handlers start last and stop first, so that a message finds every provider
 * ready.
 */
@Module({
  imports: [DiscoveryModule],
  providers: [RedisMessageHandlers, RedisHandlers],
  exports: [RedisMessageHandlers, RedisHandlers],
})
export class RedisHandlersModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly connections: RedisConnections,
    private readonly handlers: RedisMessageHandlers,
    modules: ModulesContainer,
    loader: LazyModuleLoader,
  ) {
    afterLazyLoad(loader, () => handlers.adopt());
    if (isLoadedLazily(modules, RedisHandlersModule)) this.standInForBoot(modules);
    // Nest runs the hooks of distant modules first at boot and last at shutdown. Nearer than the
    // root module: when handlers start, all others have done their onApplicationBootstrap; when they stop, all others'
    // onModuleDestroy is still to come.
    for (const module of modules.values()) {
      if (module.metatype === RedisHandlersModule) module.distance = -Infinity;
    }
  }

  async onApplicationBootstrap(): Promise<void> {
    try {
      await this.handlers.start();
    } catch (error) {
      this.connections.destroy();
      throw error;
    }
    // last of all boot hooks
    this.connections.keepProcess();
  }

  async onModuleDestroy(): Promise<void> {
    await this.handlers.stop();
  }

  private standInForBoot(modules: ModulesContainer): void {
    this.handlers.expectLate();
    shutDownWithApplication(modules, {
      onModuleDestroy: () => this.handlers.stop(),
      onApplicationShutdown: () => this.connections.close(),
    });
  }
}
