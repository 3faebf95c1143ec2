import { isInherited } from './key-cache.js';
import type { Reply, ReplyRecord } from './reply.js';

/** What an aggregate becomes when its last element has come. */
export type AggregateKind = typeof LIST | typeof MAP | typeof PUSH | typeof ATTRIBUTE;
/** Arrays and sets. */
export const LIST = 0;
export const MAP = 1;
export const PUSH = 2;
/** Taken apart like any other, and dropped. */
export const ATTRIBUTE = 3;

const NO_ITEMS: Reply[] = [];
const NO_FIELDS: ReplyRecord = {};

/**
 * An aggregate some of whose elements have come. These are used again and again, so that an array of a thousand
 * pairs makes a thousand arrays and nothing else.
 */
export class OpenAggregate {
  kind: AggregateKind = LIST;
  /** No pairs: elements may be pushed to {@link items}, and {@link remaining} counted down, without {@link add}. */
  isList = true;
  /** Ends with `.` instead of after a number of elements that was announced. */
  streamed = false;
  /** Elements still to come; keys and values count apart. Of a streamed one: how many more it may have. */
  remaining = 0;
  /** Of a list or a push. */
  items: Reply[] = NO_ITEMS;
  /** The next element is the key of a map, which is text even where bytes were asked for. */
  atKey = false;

  private fields: ReplyRecord = NO_FIELDS;
  /** Instead of {@link fields} once a key was an aggregate. */
  private map: Map<Reply, Reply> | null = null;
  private key: Reply = '';
  private assignable = false;

  open(kind: AggregateKind, remaining: number, streamed: boolean): void {
    this.kind = kind;
    this.isList = kind === LIST || kind === PUSH;
    this.remaining = remaining;
    this.streamed = streamed;
    if (kind === MAP) {
      this.fields = {};
      this.atKey = true;
    } else if (kind !== ATTRIBUTE) {
      this.items = [];
    }
  }

  /** Takes the next element. */
  add(element: Reply): void {
    this.remaining--;
    if (this.kind === MAP) {
      if (this.atKey) this.addKey(element);
      else this.addValue(element);
    } else if (this.kind !== ATTRIBUTE) {
      this.items.push(element);
    }
  }

  /** {@link add} for a key out of the key cache, which is known to be safe to assign to. */
  addCachedKey(key: string): void {
    this.remaining--;
    this.key = key;
    this.assignable = true;
    this.atKey = false;
  }

  /** Is it about to end between a key and its value? */
  lacksValue(): boolean {
    return (this.kind === MAP || this.kind === ATTRIBUTE) && this.remaining % 2 !== 0;
  }

  /** The finished value. This lets go of it, so that an idle connection keeps no reply alive. */
  close(): Reply {
    if (this.kind === MAP) {
      const value = this.map ?? this.fields;
      this.fields = NO_FIELDS;
      this.map = null;
      this.key = '';
      this.atKey = false;
      return value;
    }
    const { items } = this;
    this.items = NO_ITEMS;
    return items;
  }

  private addKey(key: Reply): void {
    if (typeof key === 'object' && key !== null) {
      this.map ??= new Map(Object.entries(this.fields));
      this.key = key;
    } else {
      this.key = String(key);
      this.assignable = !isInherited(this.key);
    }
    this.atKey = false;
  }

  private addValue(value: Reply): void {
    if (this.map !== null) this.map.set(this.key, value);
    else if (this.assignable) this.fields[this.key as string] = value;
    else Object.defineProperty(this.fields, this.key as string, { ...FIELD, value });
    this.atKey = true;
  }
}

/** What assignment makes of a property that was not there. */
const FIELD = { writable: true, enumerable: true, configurable: true };
