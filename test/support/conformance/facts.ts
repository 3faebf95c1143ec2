/** What sample arguments need to know of the server that they go to. */
export interface Facts {
  /** Number, address and local address of a connection that is there to be listed and killed. */
  clientId: string;
  address: string;
  localAddress: string;
  /** What DUMP gives for a text, and FUNCTION DUMP for the seeded library. */
  dump: Buffer;
  functionDump: Buffer;
  /** SHA-1 of the script that EVAL is sampled with. */
  sha: string;
  /** A port where nobody listens. */
  deadPort: string;
  /** A port of a second server of the same kind. */
  otherPort: string;
  /** The id of a node of a cluster. */
  nodeId: string;
}

/** Facts of no server: for samples that are looked at and never run. */
export const NO_FACTS: Facts = {
  clientId: '1',
  address: '127.0.0.1:1',
  localAddress: '127.0.0.1:2',
  dump: Buffer.from('dump'),
  functionDump: Buffer.from('dump'),
  sha: 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db',
  deadPort: '1',
  otherPort: '2',
  nodeId: '0'.repeat(40),
};
