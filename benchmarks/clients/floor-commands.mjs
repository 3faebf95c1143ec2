/** The commands of both floors, encoded with what is known of them, and how many bytes answer each. */
import { HASHES, LISTS, SMALL } from '../data.mjs';

const bulk = (text) => `$${text.length}\r\n${text}\r\n`;
const array = (...parts) => `*${parts.length}\r\n${parts.map(bulk).join('')}`;

const OK_LENGTH = '+OK\r\n'.length;
const RECORD_LENGTH = array(...HASHES.fields.flatMap((field, i) => [field, HASHES.values[i]])).length;
const LIST_LENGTH = array(...LISTS.elements).length;

/** From here on a value is worth a write of its own. */
const LARGE = 16 * 1024;

/**
 * @param {(command: string, replyLength: number) => unknown} send whose result each command gives
 * @param {(head: string, value: string, replyLength: number) => unknown} sendLarge the same for a large last argument
 */
export function floorCommands(send, sendLarge, { valueSize = SMALL.valueSize }) {
  const valueLength = bulk('x'.repeat(valueSize)).length;
  return {
    givesNoValues: true,
    get: (key) => send(`*2\r\n$3\r\nGET\r\n$${key.length}\r\n${key}\r\n`, valueLength),
    set: (key, value) => {
      const head = `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${value.length}\r\n`;
      if (value.length >= LARGE) return sendLarge(head, value, OK_LENGTH);
      return send(`${head}${value}\r\n`, OK_LENGTH);
    },
    mget: (keys) => {
      let command = `*${keys.length + 1}\r\n$4\r\nMGET\r\n`;
      for (const key of keys) command += `$${key.length}\r\n${key}\r\n`;
      return send(command, `*${keys.length}\r\n`.length + keys.length * valueLength);
    },
    hgetall: (key) => send(`*2\r\n$7\r\nHGETALL\r\n$${key.length}\r\n${key}\r\n`, RECORD_LENGTH),
    lrange: (key, start, stop) => send(array('LRANGE', key, String(start), String(stop)), LIST_LENGTH),
    pipelineGet: (keys) => {
      let commands = '';
      for (const key of keys) commands += `*2\r\n$3\r\nGET\r\n$${key.length}\r\n${key}\r\n`;
      return send(commands, keys.length * valueLength);
    },
  };
}

export function subscribeCommand(channels) {
  const confirmations = channels.map(
    (channel, i) => `*3\r\n${bulk('subscribe')}${bulk(channel)}:${i + 1}\r\n`,
  );
  return { command: array('SUBSCRIBE', ...channels), replyLength: confirmations.join('').length };
}

/** All channel names of the scenario are of one length, so every message's frame is too. */
export const messageLength = (channel, message) => array('message', channel, message).length;
