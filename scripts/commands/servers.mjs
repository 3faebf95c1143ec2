/** Stands in until scripts/servers is there. */
export async function startServers() {
  throw new Error('name the servers to read: --url redis://127.0.0.1:6379 (may be given several times)');
}
