import { describe, expect, test } from '@jest/globals';
import { RedisServerError, RedisTimeoutError, type CommandInfo } from 'nestjs-redwire/core';
import {
  commandAttributes,
  errorAttributes,
  formerCommandAttributes,
  peerAttributes,
  wantsFormerNames,
} from '../../../lib/telemetry/semantic-conventions.js';

const info: CommandInfo = {
  name: 'SET',
  commandNames: ['SET'],
  queryText: 'SET ? ?',
  batchSize: undefined,
  host: 'redis.internal',
  port: 6380,
  path: undefined,
  database: 2,
};

describe('semantic conventions', () => {
  test('of a command', () => {
    expect(commandAttributes(info)).toEqual({
      'db.system.name': 'redis',
      'db.operation.name': 'SET',
      'db.namespace': '2',
      'server.address': 'redis.internal',
      'server.port': 6380,
    });
  });

  test('of a Unix socket and a batch', () => {
    expect(commandAttributes({ ...info, port: undefined, path: '/run/redis.sock', batchSize: 3 })).toEqual({
      'db.system.name': 'redis',
      'db.operation.name': 'SET',
      'db.namespace': '2',
      'server.address': '/run/redis.sock',
      'db.operation.batch.size': 3,
    });
    expect(commandAttributes({ ...info, batchSize: 1 })).not.toHaveProperty(['db.operation.batch.size']);
  });

  test('of the address behind a name, where it is not the same', () => {
    const peer = { address: '10.0.0.7', port: 6380 };
    const expected = { 'network.peer.address': '10.0.0.7', 'network.peer.port': 6380 };
    expect(peerAttributes({ ...info, peer })).toEqual(expected);
    expect(peerAttributes(info, peer)).toEqual(expected);
    expect(peerAttributes(info)).toBeUndefined();
    expect(peerAttributes({ ...info, host: '10.0.0.7', peer })).toBeUndefined();
    const path = '/run/redis.sock';
    expect(peerAttributes({ ...info, path, peer: { address: path, port: undefined } })).toBeUndefined();
  });

  test('under the former names', () => {
    expect(formerCommandAttributes(info)).toEqual({
      'db.system': 'redis',
      'db.operation': 'SET',
      'db.statement': 'SET ? ?',
      'db.redis.database_index': 2,
      'net.peer.name': 'redis.internal',
      'net.peer.port': 6380,
    });
  });

  test.each([
    [undefined, false],
    ['', false],
    ['database', false],
    ['http/dup', false],
    ['database/dup', true],
    ['http, database/dup', true],
  ])('OTEL_SEMCONV_STABILITY_OPT_IN=%s', (value, wanted) => {
    expect(wantsFormerNames({ OTEL_SEMCONV_STABILITY_OPT_IN: value })).toBe(wanted);
  });

  test('of errors: words that are safe', () => {
    expect(errorAttributes(new RedisServerError('WRONGTYPE secret'))).toEqual({
      'error.type': 'WRONGTYPE',
      'db.response.status_code': 'WRONGTYPE',
    });
    expect(errorAttributes(new RedisTimeoutError('command', 'late'))).toEqual({ 'error.type': 'TIMEOUT' });
    expect(errorAttributes(new RangeError('secret'))).toEqual({ 'error.type': 'RangeError' });
    expect(errorAttributes('secret')).toEqual({ 'error.type': '_OTHER' });
    const long = 'A'.repeat(100_000);
    expect(errorAttributes(Object.assign(new Error('no'), { name: long }))['error.type']).toHaveLength(65);
    expect(errorAttributes(new RedisServerError(`${long} secret`))['error.type']).toBe('ERR');
  });
});
