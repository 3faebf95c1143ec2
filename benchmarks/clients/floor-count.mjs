/** The lower floor: a socket and a counter. A reply makes the next command go out: no callers, no promises. */
import { floorCommands, messageLength, subscribeCommand } from './floor-commands.mjs';
import { FloorSocket } from './floor-socket.mjs';

export const floorCount = {
  name: 'floor-count',
  label: 'floor: counts replies',
  role: 'floor',
  package: null,
  load: async () => null,
  connect: async (_module, address, scenario) => {
    let onReply = () => {};
    const socket = new FloorSocket(address, () => onReply());
    await socket.ready();
    return {
      ...floorCommands(
        (command, replyLength) => socket.send(command, replyLength),
        (head, value, replyLength) => socket.sendLarge(head, value, replyLength),
        scenario,
      ),
      /** Keeps `callers` commands in flight, in place of the callers of measures/load.mjs. */
      drive: (issue, callers, window) => {
        onReply = () => {
          window.count();
          if (!window.over) issue(window.started++);
        };
        for (let n = 0; n < callers; n++) issue(window.started++);
      },
      subscribe: (channels, onMessage) =>
        new Promise((resolve) => {
          onReply = () => {
            onReply = onMessage;
            socket.expectPushes(messageLength(channels[0], scenario.message));
            resolve();
          };
          const { command, replyLength } = subscribeCommand(channels);
          socket.send(command, replyLength);
        }),
      close: () => socket.close(),
    };
  },
};
