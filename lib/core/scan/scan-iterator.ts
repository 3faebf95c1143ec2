/** What a scan gives, one after the other: a generator that `await using` takes also on Node 20. Leaving the loop sends nothing further. */
export class ScanItems<Item> implements AsyncIterableIterator<Item, void, undefined> {
  /** Made by a client. */
  constructor(protected readonly generator: AsyncGenerator<Item, void, undefined>) {}

  /** The next one; done after the last. */
  next(): Promise<IteratorResult<Item, void>> {
    return this.generator.next();
  }

  /** Ends it: what leaving a `for await` loop calls. */
  return(): Promise<IteratorResult<Item, void>> {
    return this.generator.return();
  }

  /** Ends it with an error. */
  throw(error: unknown): Promise<IteratorResult<Item, void>> {
    return this.generator.throw(error);
  }

  /** For `for await`. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** `await using`: ends it at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.generator.return();
  }
}

/**
 * Batches one after the other: `for await (const batch of …)`, or what is in them, one by one: `for await (const item of
 * ….items())`. Leaving the loop sends nothing further.
 */
export class ScanIterator<Item> extends ScanItems<Item[]> {
  private taken = false;

  /**
   * What is still to come, one by one. From then on the batches are not to be had: what one reader has taken out of a batch
   * would be missing to the other.
   *
   * @throws {TypeError} the second time.
   */
  items(): ScanItems<Item> {
    if (this.taken) throw takenAlready();
    this.taken = true;
    return new ScanItems(itemsOf(this.generator));
  }

  /** @throws {TypeError} after {@link items}. */
  override next(): Promise<IteratorResult<Item[], void>> {
    return this.taken ? Promise.reject(takenAlready()) : super.next();
  }
}

async function* itemsOf<Item>(batches: AsyncIterable<Item[]>): AsyncGenerator<Item, void, undefined> {
  for await (const batch of batches) yield* batch;
}

function takenAlready(): TypeError {
  return new TypeError(
    'items() has taken this scan over: go on reading what it gave, or begin another scan for the batches.',
  );
}
