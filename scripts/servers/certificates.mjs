// @ts-check
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../lib/report.mjs';
import { runCommand } from '../lib/run-command.mjs';

/**
 * @typedef {object} Pair
 * @property {string} certificate  PEM
 * @property {string} key          PEM
 * @property {string} certificatePath
 * @property {string} keyPath
 *
 * @typedef {object} Certificates
 * @property {string} ca       PEM of the authority that signed the other two
 * @property {string} caPath
 * @property {Pair} server     for localhost, 127.0.0.1 and ::1
 * @property {Pair} client
 */

const DAYS = 30;
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const LEAVES = /** @type {const} */ ({
  server: ['extendedKeyUsage=serverAuth', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'],
  client: ['extendedKeyUsage=clientAuth'],
});

/**
 * Makes a throw-away authority, and a server's and a client's certificate signed by it, in `directory`. Takes some
 * 60 ms, so that each TLS server can have its own and nothing has to be kept, renewed or shared between users.
 *
 * @param {string} directory
 * @param {{ server?: number, client?: number }} [days]  how long each is valid, days; -1 makes one that ended yesterday
 * @returns {Promise<Certificates>}
 */
export async function makeCertificates(directory, days = {}) {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const at = (/** @type {string} */ name) => join(directory, name);
  const openssl = async (/** @type {string[]} */ ...args) => {
    try {
      await runCommand('openssl', args, { cwd: directory });
    } catch (error) {
      throw new Error(`TLS certificates need a working openssl (1.1.1 or newer): ${messageOf(error)}`, {
        cause: error,
      });
    }
  };
  const authority = [
    '-addext',
    'basicConstraints=critical,CA:TRUE',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
  ];
  const subject = ['-subj', '/CN=nestjs-redwire test authority'];
  await openssl(
    'req',
    '-x509',
    ...NEW_KEY,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-days',
    String(DAYS),
    ...subject,
    ...authority,
  );
  let serial = 1;
  for (const name of /** @type {const} */ (['server', 'client'])) {
    const extensions = LEAVES[name];
    await writeFile(at(`${name}.ext`), ['basicConstraints=CA:FALSE', ...extensions, ''].join('\n'));
    await openssl(
      'req',
      ...NEW_KEY,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=redwire-${name}`,
    );
    const signedBy = [
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-set_serial',
      String(++serial),
      '-extfile',
      `${name}.ext`,
    ];
    const valid = ['-days', String(days[name] ?? DAYS)];
    await openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.crt`, ...valid, ...signedBy);
    await Promise.all([rm(at(`${name}.csr`)), rm(at(`${name}.ext`))]);
  }
  const pair = async (/** @type {string} */ name) => ({
    certificate: await readFile(at(`${name}.crt`), 'utf8'),
    key: await readFile(at(`${name}.key`), 'utf8'),
    certificatePath: at(`${name}.crt`),
    keyPath: at(`${name}.key`),
  });
  return {
    ca: await readFile(at('ca.crt'), 'utf8'),
    caPath: at('ca.crt'),
    server: await pair('server'),
    client: await pair('client'),
  };
}
