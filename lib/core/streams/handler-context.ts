import type { StreamHandlerContext } from './stream-entry.js';

/** What a handler gets beside the entry. Its signal is made when it is asked for: most handlers never do. */
export class HandlerContext implements StreamHandlerContext {
  private controller: AbortController | undefined;
  private reason: Error | undefined;

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.reason !== undefined) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  abort(reason: Error): void {
    this.reason = reason;
    this.controller?.abort(reason);
  }
}
