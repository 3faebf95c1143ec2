import type { Socket } from 'node:net';
import {
  RedisConnectionError,
  RedisProtocolError,
  RedisServerError,
  RedisTimeoutError,
  type DisconnectReason,
  type RedisError,
} from '../errors.js';
import { MalformedReplyError, type ReplySink } from '../protocol/decoder.js';
import { Encoder, type Outgoing } from '../protocol/encoder.js';
import { sendMemory } from '../protocol/send-memory.js';
import { CommandFlag } from '../commands/command-spec.js';
import { ASKING } from '../commands/commands.generated.js';
import type { Peer } from '../observation/observer.js';
import type { Reply } from '../protocol/reply.js';
import { RespDecoder } from '../protocol/resp-decoder.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { clock, ticksFor } from './coarse-clock.js';
import type { Command } from './command.js';
import { Abandoned, type PendingCommand } from './pending-command.js';
import { CommandQueue } from './command-queue.js';
import { formatAddress, openSocket, type Address } from './open-socket.js';
import { serverError, withoutArguments } from './server-error.js';
import { timedOut } from './command-errors.js';

/** Bytes; what servers and the decoder allow for one bulk string. */
const LONGEST_TEXT = 2 ** 29;

/** Ticks of a second. */
const SILENCE = ticksFor(1_000);

/** What a connection tells the one who owns it. */
export interface ConnectionOwner {
  /** The socket stands: the handshake may begin. */
  onConnect(connection: Connection): void;
  /** Room for further commands, after replies came or the socket drained. */
  onRoom(connection: Connection): void;
  /** A RESP3 push. */
  onPush(connection: Connection, items: Reply[]): void;
  /** Are messages wanted as bytes? */
  wantsPushBuffers(): boolean;
  /** A reply that arrived on a connection in subscriber mode; true when it was a message, now taken, and answers no command. */
  takeMessage(connection: Connection, reply: Reply): boolean;
  /** An error answer, in the server's words: true when the owner took the command over (a retry) and it stays unsettled. */
  onCommandError(command: PendingCommand, message: string): boolean;
  /** A command was not answered in time: true when the owner took it over, as above. */
  onCommandTimeout(command: PendingCommand, create: () => RedisError): boolean;
  /** Commands are in flight, and for a second once more nothing was heard. */
  onSilence(): void;
  /** It has ended, by whatever cause; `sent` were on their way, `unsent` never left. Called once. */
  onClosed(
    connection: Connection,
    reason: DisconnectReason,
    error: RedisError,
    sent: PendingCommand[],
    unsent: PendingCommand[],
  ): void;
}

/**
 * One socket's life.
 *
 *     sent, awaiting a reply        encoded, not yet written
 *    ┌───────────────────────────┬──────────────────────────┐
 *    │ in flight                 │ unwritten                │   one ring, in order
 *    └───────────────────────────┴──────────────────────────┘
 *      ▲ replies take the oldest                ▲ send() adds here
 *
 * Replies pair with commands by order alone. Whatever casts doubt on that order (bytes that are no reply, a reply with
 * nothing in flight) ends the connection: no later reply is trusted.
 */
export class Connection implements ReplySink {
  /** The server's number for this connection, once its handshake told. */
  clientId: number | undefined;
  /** What the handshake agreed on. */
  protocol: 2 | 3 = 2;
  /** Commands may be sent: connected, not ended. */
  writable = false;
  /** In flight and unwritten, in order. */
  private readonly queue = new CommandQueue();
  private unwritten = 0;
  private flushScheduled = false;
  /** Commands after which the running tick's text is written; grows within a long tick. */
  private flushAt: number;
  private ended = false;
  /** The socket's buffer is full: nothing more until it drains. */
  private congested = false;
  private heardAt = clock.now;
  private readonly encoder = new Encoder();
  private readonly decoder = new RespDecoder(this);
  private readonly socket: Socket;
  private knownPeer: Peer | undefined;

  constructor(
    private readonly owner: ConnectionOwner,
    readonly address: Address,
    private readonly options: ResolvedOptions,
  ) {
    this.flushAt = options.autoPipelining ? options.pipelineDepth : 1;
    this.socket = openSocket(address, options, {
      onConnect: () => {
        this.writable = true;
        this.heardAt = clock.now;
        owner.onConnect(this);
      },
      onData: (chunk, length) => this.onData(chunk, length),
      onDrain: () => {
        this.congested = false;
        if (!this.ended) owner.onRoom(this);
      },
      onEnd: () => this.end('server_closed', `The server at ${this.name} closed the connection.`),
      onError: (cause) =>
        this.end(
          'connection_lost',
          `The connection to Redis at ${this.name} was lost: ${cause.message}.`,
          cause,
        ),
      onClose: () => this.end('connection_lost', `The connection to Redis at ${this.name} was lost.`),
    });
  }

  get name(): string {
    return formatAddress(this.address);
  }

  /** The other end; undefined before there is one. Kept, for the socket forgets it when it ends. */
  get peer(): Peer | undefined {
    return (this.knownPeer ??= peerOf(this.address, this.socket));
  }

  /** Commands in flight, the unwritten included. */
  get inFlight(): number {
    return this.queue.length;
  }

  /** Somebody still waits for a reply. */
  get hasPending(): boolean {
    for (let index = 0; index < this.queue.length; index++) {
      const { settled, context } = this.queue.at(index);
      if (!settled && context?.unawaited !== true) return true;
    }
    return false;
  }

  get hasRoom(): boolean {
    return this.writable && !this.congested && this.queue.length < this.options.maxInFlight;
  }

  /** Takes a command. Its text leaves with the tick, or at once when the tick has gathered enough. */
  send(command: PendingCommand): void {
    const { spec, args, context } = command;
    if (context !== null && context.asking) this.sendAsking();
    this.encoder.append(spec.heads[args.length] ?? spec.head(args.length), args);
    // silence counts from here: an idle connection is left out of the clock, and it has nothing to be silent about
    if (this.queue.length === 0) this.heardAt = clock.now;
    this.queue.push(command);
    if (++this.unwritten >= this.flushAt || this.encoder.size >= this.options.writeBufferSize) {
      this.flush();
      // the server has work: the rest of a long tick may gather in larger parts, fewer system calls
      if (this.options.autoPipelining) this.flushAt *= 2;
    } else if (!this.flushScheduled) {
      this.flushScheduled = true;
      process.nextTick(flushAtEndOfTick, this);
    }
  }

  /** In front of a command that another node has sent here with ASK, in the same write. */
  private sendAsking(): void {
    this.encoder.append(ASKING.head(0), []);
    this.queue.push(new Abandoned({ spec: ASKING, args: [], buffers: false }));
    this.unwritten++;
  }

  /** Sends a command of the connection's own set-up, or tells at once that the connection has ended. */
  request(command: Command): Promise<unknown> {
    if (this.writable) this.send(command);
    else {
      const message = `The connection to Redis at ${this.name} ended while it was being set up.`;
      command.failWith(new RedisConnectionError('connection_lost', message, { command: command.spec.name }));
    }
    return command.promise;
  }

  /** Does the open socket keep the process alive? */
  setRef(keepsProcess: boolean): void {
    if (keepsProcess) this.socket.ref();
    else this.socket.unref();
  }

  /** Ends now. */
  destroy(reason: DisconnectReason, message: string, cause?: unknown): void {
    this.end(reason, message, cause);
  }

  /** Deadlines of what is in flight. */
  onTick(now: number): void {
    const { queue, options } = this;
    const oldest = queue.peek();
    if (oldest === undefined) {
      this.heardAt = now;
      return;
    }
    if (oldest.isBlocking || (oldest.spec.flags & CommandFlag.PINNED) !== 0) {
      // silence is what a blocking command asked for; its own deadline tells when it has been too long
      this.heardAt = now;
    } else if (options.socketTimeout !== 0 && now > this.heardAt + ticksFor(options.socketTimeout)) {
      const message = `Redis at ${this.name} was silent for ${options.socketTimeout} ms with commands in flight: the connection counts as dead.`;
      this.end('timeout', message, new RedisTimeoutError('socket', message));
      return;
    } else if (now > this.heardAt && (now - this.heardAt) % SILENCE === 0) this.owner.onSilence();
    for (let index = 0; index < queue.length; index++) {
      const command = queue.at(index);
      if (command.deadline === 0 || command.settled || now <= command.deadline) continue;
      if (command.isBlocking) {
        const message = `${command.spec.name}: Redis at ${this.name} did not answer in time: neither within the command's own timeout and ${options.blockingTimeoutBuffer} ms more (\`blockingTimeoutBuffer\`), nor within one set for this call. Its connection was closed.`;
        command.fail(() => new RedisTimeoutError('blocking', message, { command: command.spec.name }));
        this.end('timeout', message);
        return;
      }
      const create = (): RedisError =>
        timedOut(
          command,
          `Redis at ${this.name} did not answer in time; the command was sent and may have taken effect.`,
        );
      // its late reply still takes its place
      if (this.owner.onCommandTimeout(command, create)) queue.replace(index, new Abandoned(command));
      else command.fail(create);
    }
  }

  // ── the decoder's deliveries ─────────────────────────────────────────────────────────────────────────────────────

  wantsBuffers(): boolean {
    const command = this.queue.peek();
    return command === undefined || this.subscriberMode ? this.owner.wantsPushBuffers() : command.buffers;
  }

  wantsPairs(place: number): boolean {
    return this.queue.peek()?.wantsPairs(place) ?? false;
  }

  wantsPushBuffers(): boolean {
    return this.owner.wantsPushBuffers();
  }

  onReply(reply: Reply): void {
    if (this.ended) return;
    if (this.subscriberMode && this.owner.takeMessage(this, reply)) return;
    // an equal count means that all there is was not even written
    if (this.queue.length === this.unwritten) {
      this.unexpectedReply();
      return;
    }
    this.queue.shift()!.reply(reply);
  }

  onError(message: string): void {
    if (this.ended) return;
    if (this.queue.length === this.unwritten) {
      this.unexpectedReply(message);
      return;
    }
    const command = this.queue.shift()!;
    if (command.settled || command.takeUnblocked(message)) return;
    if (!this.owner.onCommandError(command, message))
      command.fail(() => serverError(message, command.spec.name, command.args));
  }

  onPush(items: Reply[]): void {
    if (!this.ended) this.owner.onPush(this, items);
  }

  /** Messages come as ordinary replies (of RESP2's pub/sub, of MONITOR): while true, the owner looks at each reply first. */
  subscriberMode = false;

  /** From now on a simple string may be as long as a bulk string: a monitor's lines hold whole commands. */
  allowLongLines(): void {
    this.decoder.longestLine = LONGEST_TEXT;
  }

  /** The oldest command in flight; for owners whose replies come as pushes. */
  get oldest(): PendingCommand | undefined {
    return this.queue.length === this.unwritten ? undefined : this.queue.peek();
  }

  /** Takes the oldest command in flight out: its answer came as a push. */
  takeOldest(): PendingCommand | undefined {
    return this.queue.length === this.unwritten ? undefined : this.queue.shift();
  }

  // ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────────

  private onData(chunk: Buffer, length: number): void {
    if (this.ended) return;
    this.heardAt = clock.now;
    try {
      this.decoder.write(chunk, length);
    } catch (cause) {
      const what = cause instanceof MalformedReplyError ? cause.message : 'the reply could not be read';
      this.protocolError(`Redis at ${this.name} sent bytes that are no reply (${what}).`, cause);
      return;
    }
    if (this.hasRoom) this.owner.onRoom(this);
  }

  /** Writes the tick's text. */
  flush(): void {
    if (this.unwritten === 0 || this.ended) return;
    this.unwritten = 0;
    const { socket } = this;
    const outgoing = this.encoder.take();
    if (!writeParts(socket, outgoing)) this.congested = socket.writableNeedDrain;
  }

  endOfTick(): void {
    this.flushScheduled = false;
    if (this.options.autoPipelining) this.flushAt = this.options.pipelineDepth;
    this.flush();
  }

  private unexpectedReply(answer?: string): void {
    // whose arguments it quotes, nobody knows any more
    const message = answer === undefined ? undefined : withoutArguments(answer);
    const what = message === undefined ? 'a reply' : 'an error';
    const said = message === undefined ? '' : `: ${message}`;
    const cause = message === undefined ? undefined : new RedisServerError(message);
    this.protocolError(`Redis at ${this.name} sent ${what} with no command in flight${said}.`, cause);
  }

  private protocolError(message: string, cause?: unknown): void {
    this.end('protocol_error', message, new RedisProtocolError(message, { cause }));
  }

  private end(reason: DisconnectReason, message: string, cause?: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.writable = false;
    const all = this.queue.drain();
    const unsent = this.unwritten === 0 ? [] : all.splice(all.length - this.unwritten);
    this.unwritten = 0;
    this.socket.destroy();
    const error =
      cause instanceof RedisProtocolError || cause instanceof RedisTimeoutError
        ? cause
        : new RedisConnectionError(reason, message, { cause });
    this.owner.onClosed(this, reason, error, all, unsent);
  }
}

function peerOf({ path }: Address, { remoteAddress, remotePort }: Socket): Peer | undefined {
  if (path !== undefined) return { address: path, port: undefined };
  return remoteAddress === undefined ? undefined : { address: remoteAddress, port: remotePort };
}

/** Answers as `socket.write()` does: false asks to wait for `drain`. */
function writeParts(socket: Socket, { parts, encoding, lent }: Outgoing): boolean {
  if (parts.length === 1) {
    const part = parts[0]!;
    return typeof part === 'string' ? socket.write(part, encoding) : socket.write(part);
  }
  const last = parts.pop()!;
  socket.cork();
  for (const part of parts) socket.write(part, encoding);
  const accepted = socket.write(last, encoding, lent === null ? undefined : (error) => giveBack(lent, error));
  socket.uncork();
  return accepted;
}

/** What was not written whole is left to the garbage collector: nobody knows who still looks at it. */
function giveBack(lent: readonly Buffer[], error: Error | null | undefined): void {
  if (error) return;
  for (const memory of lent) sendMemory.giveBack(memory);
}

function flushAtEndOfTick(connection: Connection): void {
  connection.endOfTick();
}
