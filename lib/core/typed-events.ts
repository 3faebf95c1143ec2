import { EventEmitter } from 'node:events';

/**
 * `on`, `once`, `off` for a class that has other methods of its own (a client has over 400). Unlike Node's emitter, an
 * `error` without a listener does not end the process: each failed command tells its own caller.
 */
export class TypedEvents<Events extends { [Name in keyof Events]: unknown[] }> {
  private readonly emitter = new EventEmitter();

  on<Name extends keyof Events & string>(name: Name, listener: (...payload: Events[Name]) => void): void {
    this.emitter.on(name, listener as (...payload: unknown[]) => void);
  }

  once<Name extends keyof Events & string>(name: Name, listener: (...payload: Events[Name]) => void): void {
    this.emitter.once(name, listener as (...payload: unknown[]) => void);
  }

  off<Name extends keyof Events & string>(name: Name, listener: (...payload: Events[Name]) => void): void {
    this.emitter.off(name, listener as (...payload: unknown[]) => void);
  }

  emit<Name extends keyof Events & string>(name: Name, ...payload: Events[Name]): void {
    if (this.emitter.listenerCount(name) === 0) return;
    // one by one, and not by the emitter's emit(): a listener that throws must not keep the event from those after it
    for (const listener of this.emitter.rawListeners(name)) {
      try {
        Reflect.apply(listener, this.emitter, payload);
      } catch (error) {
        throwLater(error);
      }
    }
  }
}

/** What a listener throws surfaces as any uncaught exception does, and not in the middle of our work. */
export function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
