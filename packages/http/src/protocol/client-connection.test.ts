/** The client's side of a connection. */

import { describe, expect, test } from '@jest/globals';
import { HttpConnection } from './connection.ts';
import type { RequestHeadInput } from './head-input.ts';
import { PAUSED } from './vocabulary/events.ts';
import { bytes, coded, GET, types } from '../../test/support/protocol-connection.ts';

describe('a client’s connection', () => {
  test.each<[name: string, head: Partial<RequestHeadInput>, expected: string]>([
    ['a request without a body', {}, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    [
      'a body of known length',
      { method: 'POST', hasBody: true, length: 5 },
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n',
    ],
    [
      'a body of unknown length',
      { method: 'POST', hasBody: true },
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    [
      'a POST without a body',
      { method: 'POST' },
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
    ],
    ['the last request', { close: true }, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    [
      'the last request, by the program’s header',
      { fields: ['Connection', 'close'] },
      'GET / HTTP/1.1\r\nConnection: close\r\n\r\n',
    ],
  ])('writes %s', (_name, head, expected) => {
    expect(new HttpConnection('client').sendRequest({ ...GET, ...head })).toBe(expected);
  });

  test.each<[name: string, head: Partial<RequestHeadInput>, code: string]>([
    ['a method that ends the line', { method: 'GET / HTTP/1.1\r\n' }, 'ERR_HTTP_METHOD'],
    ['a target that ends the line', { target: '/ HTTP/1.1\r\nX: y' }, 'ERR_HTTP_TARGET'],
  ])('refuses %s, and can still ask', (_name, head, code) => {
    const client = new HttpConnection('client');
    expect(() => client.sendRequest({ ...GET, ...head })).toThrow(coded(code));
    expect(client.sendRequest(GET)).toMatch(/^GET \/ /);
  });

  test('refuses a second request while one is out', () => {
    const client = new HttpConnection('client');
    client.sendRequest(GET);
    expect(() => client.sendRequest(GET)).toThrow(coded('ERR_HTTP_STATE'));
  });

  test('refuses data before a request, and in one that announced none', () => {
    const client = new HttpConnection('client');
    expect(client.sendsBody).toBe(false);
    expect(() => client.sendData(1)).toThrow(coded('ERR_HTTP_STATE'));
    client.sendRequest(GET);
    expect(() => client.sendData(1)).toThrow(coded('ERR_HTTP_NO_BODY'));
  });

  test('takes one cycle after another, and ends when the server says so', () => {
    const client = new HttpConnection('client');
    for (const connection of ['keep-alive', 'close']) {
      client.sendRequest(GET);
      client.sendEnd();
      client.receive(
        bytes(`HTTP/1.1 200 OK\r\nConnection: ${connection}\r\nContent-Length: 0\r\n\r\n`),
      );
      expect(types(client)).toEqual(['response', 'end', PAUSED]);
      if (connection === 'keep-alive') client.startNextCycle();
    }
    expect([client.clientState, client.serverState]).toEqual(['MUST_CLOSE', 'MUST_CLOSE']);
    expect(client.receive(bytes('HTTP/1.1 200 OK\r\n'))).toBe(17);
    expect(client.nextEvent()).toBe(PAUSED);
  });

  test('asks to switch, by Upgrade or CONNECT, and waits for the answer', () => {
    const upgrading = new HttpConnection('client');
    upgrading.sendRequest({ ...GET, fields: ['Connection', 'Upgrade', 'Upgrade', 'echo'] });
    upgrading.sendEnd();
    expect(upgrading.clientState).toBe('MIGHT_SWITCH');
    const tunnelling = new HttpConnection('client');
    tunnelling.sendRequest({ ...GET, method: 'CONNECT', target: 'a:80' });
    tunnelling.sendEnd();
    expect(tunnelling.clientState).toBe('MIGHT_SWITCH');
  });
});
