export { describeAbsence, type Found } from './absences.js';
export { findChromium } from './chromium.js';
export { type ContainerServer, findDocker, startContainer, TEST_IMAGE } from './docker.js';
export { eventually } from './eventually.js';
export { obtainServer, type ObtainedServer } from './obtain-server.js';
export {
  MISSING_SERVERS,
  SERVER_KINDS,
  type ServerKind,
  startServer,
  type StartOptions,
  type TestServer,
} from './servers.js';
