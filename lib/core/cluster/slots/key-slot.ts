import type { CommandArgument } from '../../commands/arguments.js';

/** How many slots a cluster shares out among its masters. */
export const SLOT_COUNT = 16_384;

const OPEN = 0x7b; // {
const CLOSE = 0x7d; // }

/** CRC16/XMODEM (polynomial 0x1021, from 0, most significant bit first) of every single byte. */
const CRC_OF_BYTE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/**
 * The cluster slot of a key, 0 to 16,383: of what stands in its first `{…}`, if that is not empty, else of all of it. Text
 * counts by its UTF-8 bytes, as it goes on the wire; where that is ASCII, nothing is allocated.
 */
export function keySlot(key: CommandArgument): number {
  if (typeof key === 'string') return slotOfText(key);
  return Buffer.isBuffer(key) ? slotOfBytes(key) : slotOfText(String(key));
}

function slotOfText(key: string): number {
  let start = 0;
  let end = key.length;
  const open = key.indexOf('{');
  if (open !== -1) {
    const close = key.indexOf('}', open + 1);
    if (close > open + 1) {
      start = open + 1;
      end = close;
    }
  }
  let crc = 0;
  for (let index = start; index < end; index++) {
    const code = key.charCodeAt(index);
    if (code > 0x7f) return slotOfBytes(Buffer.from(key));
    crc = (crc << 8) ^ CRC_OF_BYTE[((crc >> 8) ^ code) & 0xff]!;
  }
  return crc & (SLOT_COUNT - 1);
}

function slotOfBytes(key: Buffer): number {
  let start = 0;
  let end = key.length;
  const open = key.indexOf(OPEN);
  if (open !== -1) {
    const close = key.indexOf(CLOSE, open + 1);
    if (close > open + 1) {
      start = open + 1;
      end = close;
    }
  }
  let crc = 0;
  for (let index = start; index < end; index++)
    crc = (crc << 8) ^ CRC_OF_BYTE[((crc >> 8) ^ key[index]!) & 0xff]!;
  return crc & (SLOT_COUNT - 1);
}
