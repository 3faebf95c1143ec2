/**
 * The least a client can do: commands joined to one string and written once a tick (large values copied to a send
 * buffer that is used again), replies told apart by their length alone, which is known beforehand from the stored
 * data. No decoding, no errors, no timeouts.
 */
import { once } from 'node:events';
import { connect } from 'node:net';

const READ_BUFFER = 64 * 1024;
/** Room for the expected length of every reply in flight; a power of two. */
const RING = 1 << 17;

export class FloorSocket {
  #socket;
  #out = '';
  #parts = [];
  #freeBuffers = [];
  #lengths = new Int32Array(RING);
  #head = 0;
  #tail = 0;
  #pushLength = 0;
  #received = 0;
  #onReply;

  /** @param {() => void} onReply called once for every reply, in order */
  constructor({ host, port }, onReply) {
    this.#onReply = onReply;
    this.#socket = connect({
      host,
      port,
      noDelay: true,
      onread: { buffer: Buffer.allocUnsafeSlow(READ_BUFFER), callback: (length) => this.#read(length) },
    });
  }

  ready() {
    return once(this.#socket, 'connect');
  }

  send(command, replyLength) {
    if (this.#out === '') process.nextTick(this.#flush);
    this.#out += command;
    this.#lengths[this.#tail++ & (RING - 1)] = replyLength;
  }

  /** A command whose last argument is large: joined to the others it would be copied once more. */
  sendLarge(head, value, replyLength) {
    this.send(head, replyLength);
    this.#parts.push(this.#out, value);
    this.#out = '\r\n';
  }

  /** From now on, frames of this length come by themselves. */
  expectPushes(length) {
    this.#pushLength = length;
  }

  close() {
    this.#socket.destroy();
  }

  #flush = () => {
    if (this.#parts.length === 0) this.#socket.write(this.#out, 'latin1');
    else this.#writeParts([...this.#parts.splice(0), this.#out]);
    this.#out = '';
  };

  #writeParts(parts) {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    let buffer = this.#freeBuffers.pop();
    if (buffer === undefined || buffer.length < length) buffer = Buffer.allocUnsafeSlow(length);
    let end = 0;
    for (const part of parts) end += buffer.latin1Write(part, end);
    this.#socket.write(buffer.subarray(0, end), () => this.#freeBuffers.push(buffer));
  }

  #read(length) {
    this.#received += length;
    for (;;) {
      const isReply = this.#head !== this.#tail;
      const expected = isReply ? this.#lengths[this.#head & (RING - 1)] : this.#pushLength;
      if (expected === 0 || this.#received < expected) return true;
      this.#received -= expected;
      if (isReply) this.#head++;
      this.#onReply();
    }
  }
}
