import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ping } from '../../scripts/servers/index.mjs';
import { type ContainerServer, describeAbsence, findDocker, startContainer } from '../support/index.js';

const docker = await findDocker();

if (docker.available) {
  describe(`a server in a container (${docker.image})`, () => {
    let server: ContainerServer;

    beforeAll(async () => {
      server = await startContainer(docker.image);
    }, 120_000);

    afterAll(async () => {
      await server?.stop();
    }, 60_000);

    test('answers PING on the port it was given', async () => {
      const { hostname, port } = new URL(server.url);
      expect(server).toMatchObject({ host: hostname, port: Number(port) });
      expect(await ping({ host: server.host, port: server.port })).toBe('+PONG');
    });

    test('answers no more once it is stopped', async () => {
      const second = await startContainer(docker.image);
      expect(await ping({ host: second.host, port: second.port })).toBe('+PONG');
      await second.stop();
      await expect(ping({ host: second.host, port: second.port })).rejects.toThrow();
    }, 60_000);
  });
} else {
  describeAbsence('docker', docker.reason);
}
