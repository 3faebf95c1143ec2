import { onceAborted } from '../abort-signals.js';
import type { RedisError } from '../errors.js';
import { forgetFailure } from '../forget-failure.js';
import type { CommandEvent, CommandObserver, Peer } from '../observation/observer.js';
import type { CallOptions } from '../options.js';
import { replyKind } from '../observation/reply-kind.js';

/** An observer, and what it keeps of a command. */
export interface Observation {
  readonly observer: CommandObserver;
  readonly state: unknown;
}

/** What a call may ask for instead of the client's settings, and what matters after it was issued. */
export type CallSettings = Pick<CallOptions, 'timeout' | 'retry' | 'idempotent' | 'crossSlot'>;

/** What only some commands carry: most have none, and the hot path tests for null. */
export class CommandContext implements CallSettings {
  /** This call's retry rule; undefined stands for the client's. */
  retry: CallOptions['retry'];
  /** The caller's word that sending it twice does no harm. */
  idempotent: boolean | undefined;
  /** This call's own `timeout`, ms; undefined stands for `commandTimeout`. */
  timeout: number | undefined;
  /** What is to become of keys in several slots of a cluster; undefined stands for the client's setting. */
  crossSlot: CallOptions['crossSlot'];
  /** Attempts that failed so far. */
  attempts = 0;
  /** Those among them that the server refused for what passes, where that is waited out. */
  waitedOut = 0;
  /** A connection took it along when it ended: the server may have carried it out. */
  lost = false;
  /** A cluster's node has sent it to another one for this once: it goes out behind an ASKING. */
  asking = false;
  /** When its call was, ms: of a blocking command, whose attempts have the time of the call together; 0 before the first. */
  calledAt = 0;
  /** Begins anew, in a cluster: with the node that has its slot by now, or with that one. For what a connection of its own waits for. */
  reissue: ((node?: object) => void) | undefined;
  /** Asked of one node of a cluster, whatever slots it has. */
  isPinned = false;
  /** Times that a cluster's nodes have sent it elsewhere. */
  redirects = 0;
  /** What the retry rule threw instead of deciding. */
  retryFault: unknown;
  /** Waits on the server, on a connection of its own. */
  blocking = false;
  /** How long its answer may take once it was sent, ms: of a blocking command, whose own timeout says so. */
  longest = Infinity;
  /** The server was asked to end its wait: why its caller fails once that has worked; with null the caller gets `null`. */
  calledOff: (() => RedisError) | null | undefined;
  /** The server has ended its wait when it was asked to. */
  unblocked = false;
  /** Its connection is to go elsewhere, and the server may be asked to end its wait: it then waits on there. */
  moves = false;
  /** Nobody waits for its answer any more, which still takes its place: to close need not wait for it either. */
  unawaited = false;
  /** Called once, when the command is settled. A second handler on its promise would hide its caller from V8's async stacks. */
  onSettled: (() => void) | undefined;
  /** Those who watch it; undefined once it has settled. */
  observations: readonly Observation[] | undefined;
  /** What they were told last; undefined where nothing, or that it was sent. */
  private lastNote: string | undefined;
  private forgetSignal: (() => void) | undefined;

  /** Calls `onAbort` when the signal fires before the command is settled. */
  watch(signal: AbortSignal, onAbort: () => void): void {
    this.forgetSignal = onceAborted(signal, onAbort);
  }

  /** Tells those who watch. The commands of a pipeline share one context, and what befalls them all is told once. */
  note(event: Exclude<CommandEvent, { type: 'sent' }>): void {
    if (this.observations === undefined) return;
    const attempt = event.type === 'retry' ? event.attempt : 0;
    const note = `${event.type} ${attempt} ${event.error?.code}`;
    if (note === this.lastNote) return;
    this.lastNote = note;
    this.tell(event);
  }

  /** It leaves by that connection. Told only of what had to wait. */
  noteSent(connection: { readonly peer: Peer | undefined }): void {
    if (this.lastNote === undefined) return;
    this.lastNote = undefined;
    this.tell({ type: 'sent', peer: connection.peer });
  }

  /** The command was settled, with an error or without. */
  finish(error: Error | undefined, value?: unknown): void {
    this.forgetSignal?.();
    this.forgetSignal = undefined;
    this.onSettled?.();
    const { observations } = this;
    if (observations === undefined) return;
    this.observations = undefined;
    for (const { observer, state } of observations) {
      try {
        const kind = observer.wantsReplyKind === true && error === undefined ? replyKind(value) : undefined;
        forgetFailure(kind === undefined ? observer.end(state, error) : observer.end(state, error, kind));
      } catch {
        // an observer's fault must not reach the command's caller
      }
    }
  }

  private tell(event: CommandEvent): void {
    for (const { observer, state } of this.observations ?? []) {
      try {
        forgetFailure(observer.event?.(state, event));
      } catch {
        // as above
      }
    }
  }
}
