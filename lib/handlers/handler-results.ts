import { isObservable, Subscription } from 'rxjs';

/** Waits for what handlers and their filters return: promises, and Observables, which may be empty. */
export class HandlerResults {
  private readonly open = new Set<Subscription>();
  private left = false;

  /** The last value of an Observable, or what a promise resolves with. */
  readonly settle = async (result: unknown): Promise<unknown> => {
    const value = await result;
    if (!isObservable(value)) return value;
    return new Promise((resolve, reject) => {
      let last: unknown;
      let isDone = false;
      // not unsubscribed here: rxjs does that itself, and a teardown that throws within these would end the process
      const end = (): void => {
        isDone = true;
        this.open.delete(subscription);
      };
      let subscription = Subscription.EMPTY;
      subscription = value.subscribe({
        next: (item) => (last = item),
        error: (error: unknown) => {
          end();
          reject(error);
        },
        complete: () => {
          end();
          resolve(last);
        },
      });
      if (!isDone) this.open.add(subscription);
      if (this.left) this.leave();
    });
  };

  /**
   * Unsubscribes from what is still going on: nobody else can, and a timer behind it would keep the process alive. What waits for
   * it waits for ever, so that nothing is taken for done.
   */
  leave(): void {
    this.left = true;
    for (const subscription of this.open) {
      try {
        subscription.unsubscribe();
      } catch {
        // a teardown of the handler's: the others are to end as well
      }
    }
  }
}
