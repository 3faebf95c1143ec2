import type { Address } from '../../connection/open-socket.js';
import type { PendingCommand } from '../../connection/pending-command.js';
import { serverError } from '../../connection/server-error.js';

/** What a node says of a command that belongs elsewhere. */
export interface Redirect {
  /** For this once (ASK), while the slot is on its way; else the slot has moved (MOVED). */
  readonly isAsk: boolean;
  readonly slot: number;
  readonly host: string;
  readonly port: number;
}

/** `MOVED 3999 127.0.0.1:6381`, `ASK 3999 [::1]:6381`, and without a host, that of the node that says so: `MOVED 3999 :6381`. */
const FORM = /^(MOVED|ASK) (\d{1,5}) (.*):(\d{1,5})$/;

/**
 * Reads a redirect; undefined for any other error.
 *
 * @param from the node that said so.
 */
export function parseRedirect(message: string, from: Pick<Address, 'host'>): Redirect | undefined {
  // nearly all errors are no redirects
  if (!message.startsWith('MOVED ') && !message.startsWith('ASK ')) return undefined;
  const match = FORM.exec(message);
  if (match === null) return undefined;
  const [, word, slot, host, port] = match as unknown as [string, string, string, string, string];
  const name = host.replace(/^\[(.*)\]$/, '$1');
  // `?` stands for a host name that the node was not told
  const isUnknown = name === '' || name === '?';
  return {
    isAsk: word === 'ASK',
    slot: Number(slot),
    host: isUnknown ? from.host : name,
    port: Number(port),
  };
}

/** Tells those who watch a command of it, where anybody does. */
export function tellRedirect(command: PendingCommand, { isAsk, slot }: Redirect, message: string): void {
  const { observation, spec, args } = command;
  if (observation?.observations === undefined) return;
  const error = serverError(message, spec.name, args);
  observation.note({ type: 'redirect', kind: isAsk ? 'ASK' : 'MOVED', slot, error });
}
