// @ts-check
import { randomInt } from 'node:crypto';

const NAMES =
  'Ada Alan Barbara Edsger Frances Grace John Katherine Leslie Margaret Niklaus Radia Sophie Tony'.split(' ');
const KINDS = ['pickup', 'pickup', 'delivery', 'table'];

/** Who sends orders to the sample over HTTP, and listens to its page's stream of events. */
export class Customers {
  /** @type {{ id: string }[]} */
  #menu;
  #url;
  #signal;

  /**
   * @param {string} url
   * @param {{ id: string }[]} menu
   * @param {AbortSignal} signal
   */
  constructor(url, menu, signal) {
    this.#url = url;
    this.#menu = menu;
    this.#signal = signal;
  }

  /**
   * @param {string} url
   * @param {AbortSignal} signal
   */
  static async of(url, signal) {
    return new Customers(url, await getJson(`${url}/orders/menu`, signal), signal);
  }

  /**
   * Places that many orders, so many at a time.
   *
   * @param {number} count
   * @param {number} concurrency
   */
  async placeMany(count, concurrency) {
    const start = performance.now();
    let begun = 0;
    const customer = async () => {
      while (begun++ < count) await this.placeOne();
    };
    await Promise.all(Array.from({ length: concurrency }, customer));
    return { seconds: (performance.now() - start) / 1_000 };
  }

  async placeOne() {
    const lines = Array.from({ length: randomInt(1, 4) }, () => ({
      item: pick(this.#menu).id,
      quantity: randomInt(1, 5),
    }));
    const { status, text } = await this.#post({ customer: pick(NAMES), kind: pick(KINDS), lines });
    if (status !== 201) throw new Error(`An order was answered with ${status}: ${text}`);
  }

  /** An order nobody can take. Gives what is said about it. */
  async placeWrong() {
    const wrong = { customer: 'Mallory', kind: 'pickup', lines: [{ item: 'free-lunch', quantity: 1 }] };
    const { status, text } = await this.#post(wrong);
    if (status !== 400) throw new Error(`A wrong order was answered with ${status} instead of 400: ${text}`);
    return [JSON.parse(text).message].flat().join('; ');
  }

  /** @param {unknown} order */
  async #post(order) {
    const headers = { 'Content-Type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(order), signal: this.#signal };
    const response = await fetch(`${this.#url}/orders`, init);
    return { status: response.status, text: await response.text() };
  }

  /**
   * Listens as the page does.
   *
   * @returns {Promise<{ count: number }>} the orders heard so far, once the stream is open
   */
  async listen() {
    const heard = { count: 0 };
    const response = await fetch(`${this.#url}/orders/stream`, { signal: this.#signal });
    if (!response.ok || !response.body) throw new Error(`The stream was answered with ${response.status}.`);
    const events = response.body.pipeThrough(new TextDecoderStream());
    const read = async () => {
      let rest = '';
      for await (const text of events) {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        heard.count += lines.filter((line) => line === 'event: order').length;
      }
    };
    read().catch(() => {}); // it ends with the application, or with the demo
    return heard;
  }
}

/**
 * @param {string} url
 * @param {AbortSignal} signal
 */
export async function getJson(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${url} was answered with ${response.status}: ${await response.text()}`);
  return response.json();
}

/**
 * @template T
 * @param {readonly T[]} list
 * @returns {T}
 */
function pick(list) {
  return list[randomInt(list.length)];
}
