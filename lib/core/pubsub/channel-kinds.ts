import type { CommandSpec } from '../commands/command-spec.js';
import {
  PSUBSCRIBE,
  PUNSUBSCRIBE,
  SSUBSCRIBE,
  SUBSCRIBE,
  SUNSUBSCRIBE,
  UNSUBSCRIBE,
} from '../commands/commands.generated.js';
import type { Reply } from '../protocol/reply.js';
import type { RedisMessage } from './message.js';

export type ChannelKind = RedisMessage['type'];

/** The words of each kind of subscription, on the wire. */
export const KINDS: Record<ChannelKind, { subscribe: CommandSpec; unsubscribe: CommandSpec }> = {
  message: { subscribe: SUBSCRIBE, unsubscribe: UNSUBSCRIBE },
  pmessage: { subscribe: PSUBSCRIBE, unsubscribe: PUNSUBSCRIBE },
  smessage: { subscribe: SSUBSCRIBE, unsubscribe: SUNSUBSCRIBE },
};

export const CONFIRMATIONS: ReadonlySet<string> = new Set(
  Object.values(KINDS).flatMap(({ subscribe, unsubscribe }) => [
    subscribe.name.toLowerCase(),
    unsubscribe.name.toLowerCase(),
  ]),
);

/** Channels per SUBSCRIBE when all are made anew: keeps single commands small on a server that other clients use too. */
export const RESTORE_BATCH = 500;

/** Is a reply what RESP3 would push: a message, or a confirmation? */
export function isPubSubFrame(reply: Reply): reply is Reply[] {
  if (!Array.isArray(reply)) return false;
  const [word] = reply;
  if (typeof word !== 'string' && !Buffer.isBuffer(word)) return false;
  const text = String(word);
  return Object.hasOwn(KINDS, text) || CONFIRMATIONS.has(text);
}

export function toText(data: Reply): string {
  return typeof data === 'string' ? data : String(data);
}
