import { expect, it } from '@jest/globals';
import { parseClientInfo, parseClientList } from '../../../lib/core/commands/client-info.js';
import { clientInfo, clientList } from '../../../lib/core/commands/reply-transforms.js';

// what real servers send is in test/integration/server-lists.spec.ts; here: what they seldom or never send

it('numbers are numbers, and text that looks like one stays text', () => {
  const line =
    'id=3 addr=127.0.0.1:5 laddr= fd=-1 name=123 db=0 multi=-1 user=7 redir=-1 lib-name=1 lib-ver=2 cmd=8';
  expect(parseClientInfo(line)).toEqual({
    id: 3,
    addr: '127.0.0.1:5',
    laddr: '',
    fd: -1,
    name: '123',
    db: 0,
    multi: -1,
    user: '7',
    redir: -1,
    'lib-name': '1',
    'lib-ver': '2',
    cmd: '8',
  });
});

it('fields that are newer than this version are kept, as text', () => {
  expect(parseClientInfo('id=1 new-field=12 another_1=a b= c=')).toEqual({
    id: 1,
    'new-field': '12',
    another_1: 'a',
    b: '',
    c: '',
  });
});

it('equal signs and spaces inside of values', () => {
  const path = '/tmp/a name=x fd=3 y/s:0';
  expect(parseClientInfo(`id=1 addr=[${path}]:0 fd=8`)).toEqual({ id: 1, addr: `[${path}]:0`, fd: 8 });
  const line = `id=1 addr=${path} laddr=${path} fd=8 name=a=b=c age=0 lib-name=x=1(y=2) lib-ver==`;
  expect(parseClientInfo(line)).toEqual({
    id: 1,
    addr: path,
    laddr: path,
    fd: 8,
    name: 'a=b=c',
    age: 0,
    'lib-name': 'x=1(y=2)',
    'lib-ver': '=',
  });
});

it('a name that ends with a space of Unicode keeps it', () => {
  const [info] = parseClientList('id=1 user=jo\u00a0 redir=-1 lib-name=x\u3000\r\n');
  expect(info).toEqual({ id: 1, user: 'jo\u00a0', redir: -1, 'lib-name': 'x\u3000' });
});

it('addresses of version 6, and none at all', () => {
  expect(parseClientInfo('id=1 addr=[::1]:6379 laddr=[::1]:7 fd=8')).toMatchObject({
    addr: '[::1]:6379',
    fd: 8,
  });
  expect(parseClientInfo('id=1 addr= laddr= fd=-1')).toEqual({ id: 1, addr: '', laddr: '', fd: -1 });
  expect(parseClientInfo('id=1 addr=?:0 fd=-1 name=')).toEqual({ id: 1, addr: '?:0', fd: -1, name: '' });
});

it('integers past 2^53 are exact', () => {
  expect(parseClientInfo('id=9007199254740993 tot-net-in=18446744073709551615')).toEqual({
    id: 9_007_199_254_740_993n,
    'tot-net-in': 18_446_744_073_709_551_615n,
  });
});

it('no lines, lines with either end, bytes, null', () => {
  expect(parseClientList('')).toEqual([]);
  expect(parseClientList('\n')).toEqual([]);
  const two = [
    { id: 1, name: 'a' },
    { id: 2, name: '' },
  ];
  expect(parseClientList('id=1 name=a\nid=2 name=\n')).toEqual(two);
  expect(parseClientList('id=1 name=a\r\nid=2 name=\r\n')).toEqual(two);
  expect(clientList(Buffer.from('id=1 name=a\n'))).toEqual([two[0]]);
  expect(clientInfo(Buffer.from('id=1 name=a\n'))).toEqual(two[0]);
  expect([clientList(null), clientInfo(null)]).toEqual([null, null]);
});

it('something else is refused', () => {
  expect(() => parseClientInfo('OK')).toThrow(TypeError);
  expect(() => clientList(['id=1'])).toThrow('Expected text, got an array of 1.');
});
