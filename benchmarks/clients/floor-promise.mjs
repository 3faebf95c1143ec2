/** The upper floor: the same socket with one promise per command (per pipeline), under the same callers as everyone. */
import { floorCommands } from './floor-commands.mjs';
import { FloorSocket } from './floor-socket.mjs';

/** Room for the resolvers in flight; a power of two. */
const RING = 1 << 17;

export const floorPromise = {
  name: 'floor-promise',
  label: 'floor: one promise each',
  role: 'floor',
  package: null,
  load: async () => null,
  connect: async (_module, address, scenario) => {
    const waiting = Array.from({ length: RING });
    let head = 0;
    let tail = 0;
    // One function for all promises: an executor written in place would be a closure per command.
    const take = (resolve) => {
      waiting[tail++ & (RING - 1)] = resolve;
    };
    const socket = new FloorSocket(address, () => {
      const resolve = waiting[head & (RING - 1)];
      waiting[head++ & (RING - 1)] = undefined;
      resolve();
    });
    await socket.ready();
    const send = (command, replyLength) => {
      socket.send(command, replyLength);
      return new Promise(take);
    };
    const sendLarge = (head, value, replyLength) => {
      socket.sendLarge(head, value, replyLength);
      return new Promise(take);
    };
    return { ...floorCommands(send, sendLarge, scenario), close: () => socket.close() };
  },
};
