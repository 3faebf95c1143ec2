import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { eventually } from '../../support/index.js';

/** HELLO, PING and CLIENT SETINFO twice. */
const GREETING = '%1\r\n+proto\r\n:3\r\n+PONG\r\n+OK\r\n+OK\r\n';

// a real server cannot be brought to say BUSY to the SUBSCRIBE and not to the PING a moment before
it('a subscription outlasts a server that is busy just when it is made anew', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const number = sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      if (text.includes('HELLO')) socket.write(GREETING);
      else if (text.includes('\r\nSUBSCRIBE')) {
        const confirmed = '>3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n';
        socket.write(number === 2 ? '-BUSY Redis is busy running a script.\r\n' : confirmed);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = new RedisClient({ host: '127.0.0.1', port, reconnect: { delay: 10 } });
  try {
    const errors: string[] = [];
    client.on('error', ({ code }) => errors.push(code));
    const subscription = await client.subscribe('news');
    let restored = 0;
    subscription.on('resubscribed', () => restored++);
    const heard = subscription.next();
    sockets[0]!.destroy();
    await eventually(() => restored === 1);
    expect(errors).toEqual(['BUSY']);
    sockets[2]!.write('>3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$1\r\nx\r\n');
    expect(await heard).toMatchObject({ done: false, value: { channel: 'news', data: 'x' } });
  } finally {
    client.destroy();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});
