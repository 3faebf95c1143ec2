import { connect, type Socket } from 'node:net';
import type { ConnectionPlan, Fault, FaultKind } from './faults.js';
import { Lane } from './lane.js';
import { ReplyFraming } from './reply-framing.js';

/** A client's connection to the proxy and the proxy's own to the server, as one. */
export class ProxiedConnection {
  readonly requests: Lane;
  readonly replies: Lane;
  private readonly server: Socket;
  private open = 2;

  constructor(
    private readonly client: Socket,
    target: { host: string; port: number },
    plan: ConnectionPlan,
    struck: (kind: FaultKind) => void,
    onClosed: () => void,
  ) {
    this.server = connect({ ...target, allowHalfOpen: true, noDelay: true });
    for (const socket of [client, this.server]) {
      // a fault ends sockets in the middle of writes: their errors are what was asked for
      socket.on('error', () => undefined);
      socket.once('close', () => {
        if (--this.open === 0) onClosed();
      });
    }
    const hooks = {
      struck,
      end: (how: 'cut' | 'reset') => (how === 'cut' ? this.cut() : this.reset()),
      freeze: (ms: number) => this.freeze(ms),
    };
    const { server } = this;
    this.requests = new Lane(client, server, iterate(plan.requests), undefined, hooks);
    this.replies = new Lane(server, client, iterate(plan.replies), new ReplyFraming(), hooks);
    this.requests.start();
    this.replies.start();
  }

  /** Ends both sides in good order, now. */
  cut(): void {
    this.requests.discard();
    this.replies.discard();
    this.client.end();
    this.server.end();
  }

  /** Ends both sides with RST, now. */
  reset(): void {
    this.requests.discard();
    this.replies.discard();
    resetSocket(this.client);
    resetSocket(this.server);
  }

  /** Forwards nothing either way for so many ms. */
  freeze(ms: number): void {
    this.requests.hold(ms);
    this.replies.hold(ms);
  }

  /** Both ways go on at once, also where they were held back for good: what was underway arrives late. */
  thaw(): void {
    this.requests.thaw();
    this.replies.thaw();
  }

  /** No further faults. One that is half-open for good would never come to life: it is reset. */
  heal(): void {
    if (this.requests.isHalfOpen || this.replies.isHalfOpen) this.reset();
    this.requests.heal();
    this.replies.heal();
  }
}

/** A stream that is being ended in good order cannot be reset any more: Node would leave its handle open for ever. */
function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

function iterate(faults: Iterable<Fault> = []): Iterator<Fault> {
  return faults[Symbol.iterator]();
}
