import type { ResolvedAddress } from '../resolve-topology.js';
import { keyOf } from './sentinel-replies.js';

/** An address, and how many Sentinels have named it. */
interface Named {
  readonly address: ResolvedAddress;
  count: number;
}

/** What the Sentinels say to one question. They may differ: one that was cut off names the master of before. */
export class Answers {
  private readonly named = new Map<string, Named>();
  size = 0;

  /** @param isDoubted an address that has just turned out not to be a master that can be reached. */
  constructor(
    private readonly asked: number,
    private readonly isDoubted: (address: ResolvedAddress) => boolean,
  ) {}

  add(address: ResolvedAddress): void {
    const key = keyOf(address);
    const named = this.named.get(key) ?? { address, count: 0 };
    named.count++;
    this.named.set(key, named);
    this.size++;
  }

  /** What more than half of those asked have named, unless that is doubted: whatever the others say, it stays so. */
  get decided(): ResolvedAddress | undefined {
    for (const { address, count } of this.named.values())
      if (count * 2 > this.asked && !this.isDoubted(address)) return address;
    return undefined;
  }

  /** What most have named, of several the first; what is doubted only where nothing else was. */
  get best(): ResolvedAddress | undefined {
    let best: Named | undefined;
    for (const named of this.named.values())
      if (best === undefined || this.isBetter(named, best)) best = named;
    return best?.address;
  }

  private isBetter(one: Named, other: Named): boolean {
    const [isDoubted, wasDoubted] = [this.isDoubted(one.address), this.isDoubted(other.address)];
    return isDoubted === wasDoubted ? one.count > other.count : wasDoubted;
  }
}
