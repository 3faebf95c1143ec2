import {
  Global,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { DiscoveryModule, ModulesContainer } from '@nestjs/core';
import { RedisMessageHandlers } from './pubsub/redis-message-handlers.service.js';
import { RedisConnections } from './redis-connections.service.js';
import { RedisUnknownModule } from './redis-unknown.module.js';
import { startTelemetry } from './telemetry/start-telemetry.js';

/**
 * What all `RedisModule` imports of an application share, and the one place where its life is written down: which
 * connections there are, when they open, when handlers start and stop, when everything closes.
 */
@Global()
@Module({
  imports: [DiscoveryModule, RedisUnknownModule],
  providers: [RedisConnections, RedisMessageHandlers],
  exports: [RedisConnections],
})
export class RedisHostModule
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown
{
  constructor(
    private readonly connections: RedisConnections,
    private readonly handlers: RedisMessageHandlers,
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
    await startTelemetry(this.connections);
    this.handlers.discover();
    await this.connections.open();
  }

  /** Messages come once every provider has been initialised. */
  async onApplicationBootstrap(): Promise<void> {
    try {
      await this.handlers.start();
    } catch (error) {
      this.connections.destroy();
      throw error;
    }
  }

  async onModuleDestroy(): Promise<void> {
    await this.handlers.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connections.close();
  }
}
