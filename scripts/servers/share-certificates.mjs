// @ts-check
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from './certificates.mjs';

/**
 * @import { TlsSettings } from './server.mjs'
 *
 * @typedef {TlsSettings & { certificates: NonNullable<TlsSettings['certificates']> }} SharedTls
 */

/**
 * One authority for all servers of a topology, which are each other's clients.
 *
 * @param {true | TlsSettings} tls
 * @returns {Promise<{ tls: SharedTls, args: string[], dispose: () => Promise<void> }>}
 */
export async function shareCertificates(tls) {
  const settings = tls === true ? {} : tls;
  // By this name it is swept up later where this process was killed, as the servers' own folders are.
  const name = join(tmpdir(), `redwire-server-${process.pid}-tls-`);
  const folder = settings.certificates ? undefined : await mkdtemp(name);
  const certificates = settings.certificates ?? (await makeCertificates(/** @type {string} */ (folder)));
  const { certificatePath, keyPath } = certificates.client;
  return {
    tls: { ...settings, certificates },
    // A server's certificate is not good for a client, which a replica is to its master.
    args: ['--tls-client-cert-file', certificatePath, '--tls-client-key-file', keyPath],
    dispose: async () => {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}
