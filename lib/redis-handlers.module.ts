import { Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DiscoveryModule, LazyModuleLoader, ModulesContainer } from '@nestjs/core';
import { afterLazyLoad, isLoadedLazily, modulesOf, shutDownWithApplication } from './lazy-modules.js';
import { RedisHandlers } from './handlers/redis-handlers.service.js';
import { RedisMessageHandlers } from './pubsub/redis-message-handlers.service.js';
import { RedisStreamHandlers } from './streams/redis-stream-handlers.service.js';
import { RedisConnections } from './redis-connections.service.js';

/**
 * When handlers start and stop. Apart from `RedisHostModule`, since it stands at the other end of Nest's order:
 * connections open first and close last, handlers start last and stop first, so that a message or an entry finds every
 * provider ready.
 */
@Module({
  imports: [DiscoveryModule],
  providers: [RedisMessageHandlers, RedisStreamHandlers, RedisHandlers],
  exports: [RedisMessageHandlers, RedisStreamHandlers, RedisHandlers],
})
export class RedisHandlersModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly connections: RedisConnections,
    private readonly handlers: RedisMessageHandlers,
    private readonly streamHandlers: RedisStreamHandlers,
    modules: ModulesContainer,
    loader: LazyModuleLoader,
  ) {
    afterLazyLoad(loader, async (loaded) => {
      const own = modulesOf(modules, loaded);
      await Promise.all([handlers.adopt(own), streamHandlers.adopt(own)]);
    });
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
      await Promise.all([this.handlers.start(), this.streamHandlers.start()]);
    } catch (error) {
      await this.streamHandlers.stop(0);
      this.connections.destroy();
      throw error;
    }
    // last of all boot hooks
    this.connections.keepProcess();
  }

  async onModuleDestroy(): Promise<void> {
    await this.stop();
  }

  private standInForBoot(modules: ModulesContainer): void {
    this.handlers.expectLate();
    this.streamHandlers.expectLate();
    shutDownWithApplication(modules, {
      onModuleDestroy: () => this.stop(),
      onApplicationShutdown: () => this.connections.close(),
    });
  }

  private async stop(): Promise<void> {
    await Promise.all([this.handlers.stop(), this.streamHandlers.stop()]);
  }
}
