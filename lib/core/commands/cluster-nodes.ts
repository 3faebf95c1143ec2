import { exactNumber } from './exact-number.js';
import type { ClusterNode } from './reply-types.js';

/** `127.0.0.1:30001@31001`, and after commas a host name and further names: `,host.example,shard-id=…`. */
const ADDRESS = /^(.*):(\d+)@(\d+)(?:,([^,]*)(?:,(.*))?)?$/;
/** `5461`, `0-5460`. */
const RANGE = /^(\d+)(?:-(\d+))?$/;
/** `[93-<-id]` comes from there, `[77->-id]` goes there. */
const MOVING = /^\[(\d+)-([<>])-(.+)\]$/;

/** The text of CLUSTER NODES: a line about each node. */
export function parseClusterNodes(text: string): ClusterNode[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parseClusterNode);
}

/** One of those lines. */
export function parseClusterNode(line: string): ClusterNode {
  const [id, address, flags, master, ping, pong, epoch, link, ...slots] = line.trim().split(' ');
  const parts = ADDRESS.exec(address ?? '');
  if (link === undefined || parts === null) throw new TypeError('Expected a line about a node of a cluster.');
  const [, host, port, busPort, hostname, further] = parts;
  const node: ClusterNode = {
    id: id!,
    host: host!,
    port: Number(port),
    busPort: Number(busPort),
    hostname: hostname || null,
    metadata: metadataOf(further),
    flags: flags === 'noflags' ? [] : flags!.split(','),
    masterId: master === '-' ? null : master!,
    pingSent: integer(ping!),
    pongReceived: integer(pong!),
    epoch: integer(epoch!),
    linkState: link as ClusterNode['linkState'],
    slots: [],
    migrating: [],
    importing: [],
  };
  for (const slot of slots) addSlots(node, slot);
  return node;
}

function addSlots({ slots, migrating, importing }: ClusterNode, text: string): void {
  const range = RANGE.exec(text);
  const moving = MOVING.exec(text);
  if (range !== null) slots.push({ start: Number(range[1]), end: Number(range[2] ?? range[1]) });
  else if (moving?.[2] === '>') migrating.push({ slot: Number(moving[1]), to: moving[3]! });
  else if (moving !== null) importing.push({ slot: Number(moving[1]), from: moving[3]! });
  else throw new TypeError('Expected slots of a node.');
}

function metadataOf(text: string | undefined): Record<string, string> {
  if (!text) return {};
  const pairs = text.split(',').map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    return equals === -1 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  return Object.fromEntries(pairs);
}

/** Typed number, as all that may pass 2^53 and does not in practice. */
function integer(text: string): number {
  const value = exactNumber(text);
  if (value === undefined) throw new TypeError('Expected an integer about a node of a cluster.');
  return value as number;
}
