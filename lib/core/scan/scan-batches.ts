import { ScanIterator } from './scan-iterator.js';

/** One step of SCAN or its kin: from a cursor to the next one, with what was found on the way. */
export type ScanStep<Item> = (cursor: string) => Promise<[cursor: string, items: Item[]]>;

/**
 * Steps from cursor to cursor until the server says that all was seen. Cursors are text, since they have 64 bits. Steps that
 * found nothing are not given.
 *
 * @param step sends one step; its promise is awaited as it is, so that an error's stack holds the line of the loop.
 * @param read makes a batch of what a step found.
 */
export function scanBatches<Item, Given>(
  step: ScanStep<Item>,
  read: (items: Item[]) => Given[],
): ScanIterator<Given> {
  return new ScanIterator(batches(step, read));
}

async function* batches<Item, Given>(
  step: ScanStep<Item>,
  read: (items: Item[]) => Given[],
): AsyncGenerator<Given[], void, undefined> {
  let cursor = '0';
  do {
    const [next, items] = await step(cursor);
    cursor = next;
    if (items.length > 0) yield read(items);
  } while (cursor !== '0');
}
