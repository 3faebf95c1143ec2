// oxlint-disable typescript/no-explicit-any -- it is what is tested
// What the types of forRootAsync() say: compiled with the rest of the tests, not run.
import type { OptionalFactoryDependency } from '@nestjs/common';
import { RedisModule, type RedisModuleAsyncOptions, type RedisModuleOptions } from 'nestjs-redwire';

declare class Settings {
  private readonly secret: number;
  readonly url: string;
}

/** As `ConfigService<Env, true>` of `@nestjs/config`. */
declare class Config<Env = Record<string, unknown>, Valid extends boolean = false> {
  get<Key extends keyof Env>(key: Key): Valid extends true ? Env[Key] : Env[Key] | undefined;
}

declare abstract class Vault {
  abstract read(name: string): Promise<string>;
}

declare class Cloud extends Settings {
  readonly region: string;
}

/** Fails to compile unless the two types are the same. */
function same<Expected>() {
  return <Found>(_: Found, ..._same: Same<Found, Expected> extends true ? [] : ['not the same']): void =>
    undefined;
}
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

const SECRET = Symbol('secret');
const dependencies: OptionalFactoryDependency[] = [];

export const inferred = [
  RedisModule.forRootAsync({
    inject: [
      Settings,
      Vault,
      { token: Cloud, optional: true },
      { token: Vault, optional: false },
      'port',
      SECRET,
    ],
    useFactory: async (settings, vault, cloud, other, port, secret) => {
      same<Settings>()(settings);
      same<Vault>()(vault);
      same<Cloud | undefined>()(cloud);
      same<Vault>()(other);
      same<any>()(port);
      same<any>()(secret);
      return { url: settings.url, password: await vault.read('redis'), port, connect: 'background' };
    },
  }),
  RedisModule.forRootAsync({ inject: [Settings], useFactory: ({ url }) => ({ url, pool: { max: 5 } }) }),
  RedisModule.forRootAsync({ name: 'queue', useFactory: () => ({ connect: 'lazy' }) }),
];

/** As it was written before types were inferred. */
export const annotated = [
  RedisModule.forRootAsync({
    inject: [Settings],
    useFactory: (settings: Settings) => ({ url: settings.url }),
  }),
  // another type than the token's, and a subclass of it
  RedisModule.forRootAsync({
    inject: [Settings, 'port'],
    useFactory: (s: { url: string }, port: number) => ({ url: s.url, port }),
  }),
  RedisModule.forRootAsync({
    inject: [Settings],
    useFactory: (settings: Cloud) => ({ url: settings.region }),
  }),
  RedisModule.forRootAsync({
    inject: [Config],
    useFactory: (config: Config<{ REDIS_URL: string }, true>) => ({ url: config.get('REDIS_URL') }),
  }),
  RedisModule.forRootAsync({
    inject: [Settings, 'port'],
    useFactory: (...args: any[]) => ({ port: args[1] }),
  }),
  RedisModule.forRootAsync({
    inject: dependencies,
    useFactory: (one: string, two: number) => ({ host: one, port: two }),
  }),
  RedisModule.forRootAsync({ useFactory: (): RedisModuleOptions => ({ connect: 'lazy' }) }),
  RedisModule.forRootAsync({ useFactory: async (): Promise<RedisModuleOptions> => ({ connect: 'lazy' }) }),
  RedisModule.forRootAsync({
    useFactory: () => (dependencies.length > 0 ? { url: 'redis://a' } : { host: 'b', port: 1 }),
  }),
];

/** A module of the user's own that passes its options on. */
export const wrap = (options: RedisModuleAsyncOptions) => RedisModule.forRootAsync(options);

export const mistakes = [
  // @ts-expect-error a settings object is no number
  RedisModule.forRootAsync({ inject: [Settings], useFactory: (settings: number) => ({ port: settings }) }),
  RedisModule.forRootAsync({
    inject: [{ token: Settings, optional: true }],
    // @ts-expect-error it may be missing
    useFactory: (s) => ({ url: s.url }),
  }),
  // @ts-expect-error nothing is injected as the second
  RedisModule.forRootAsync({ inject: [Settings], useFactory: (s, port) => ({ url: s.url, port }) }),
  // @ts-expect-error no such option
  RedisModule.forRootAsync({ useFactory: () => ({ hots: 'localhost' }) }),
  // @ts-expect-error no such option, beside one that exists
  RedisModule.forRootAsync({ useFactory: () => ({ host: 'localhost', prot: 6379 }) }),
  // @ts-expect-error the same of an async factory
  RedisModule.forRootAsync({ inject: [Settings], useFactory: async ({ url }) => ({ url, conect: 'lazy' }) }),
  // @ts-expect-error no such policy
  RedisModule.forRootAsync({ useFactory: () => ({ connect: 'later' }) }),
  // @ts-expect-error the name belongs beside the factory
  RedisModule.forRootAsync({ useFactory: () => ({ host: 'localhost', name: 'queue' }) }),
  // @ts-expect-error the factory makes the options
  RedisModule.forRootAsync({ url: 'redis://localhost', useFactory: () => ({}) }),
];
