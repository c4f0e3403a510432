import { describe, expect, test } from '@jest/globals';
import { HttpConnection, LocalProtocolError } from '../index.ts';

const REQUEST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n';

function asked(): HttpConnection {
  const connection = new HttpConnection('server');
  connection.receive(Buffer.from(REQUEST));
  connection.nextEvent();
  connection.nextEvent();
  return connection;
}

const injected = ['X-Name', 'a\r\nSet-Cookie: b=1'];

describe('what a program sends cannot begin a field that it did not write', () => {
  test.each([
    ['a value', injected],
    ['a name', ['X: y\r\nZ', 'a']],
    ['a name without a value', ['X-Name']],
  ])('in the head of a response: %s', (_what, fields) => {
    const head = { status: 200, fields, length: 0, date: '' };
    expect(() => asked().sendResponse(head)).toThrow(LocalProtocolError);
    expect(() => asked().sendWholeResponse(head)).toThrow(LocalProtocolError);
  });

  test('in its date, and in the protocol of a switch', () => {
    const head = { status: 200, fields: [], length: 0, date: 'a\r\nb: c' };
    expect(() => asked().sendResponse(head)).toThrow('date: expected visible latin1 characters');
    const proposed = 'a\r\nb: c';
    expect(() => asked().sendResponse({ ...head, date: '', proposed })).toThrow('proposed: ');
  });

  test('and is sent where it is right', () => {
    const head = { method: 'GET', target: '/', hasBody: false, length: undefined };
    const client = new HttpConnection('client');
    expect(client.sendRequest({ ...head, fields: ['Host', 'a'] })).toContain('Host: a\r\n');
    const server = asked();
    server.sendResponse({ status: 200, fields: [], length: undefined, date: '' });
    expect(server.sendEnd(['X-Sum', '1'])).toBe('0\r\nX-Sum: 1\r\n\r\n');
    const plain = asked();
    plain.sendResponse({ status: 200, fields: [], length: 0, date: '' });
    expect(plain.sendEnd()).toBe('');
  });

  test('in a request, and in trailers', () => {
    const head = { method: 'GET', target: '/', hasBody: false, length: undefined };
    const client = new HttpConnection('client');
    expect(() => client.sendRequest({ ...head, fields: injected })).toThrow(LocalProtocolError);
    const server = asked();
    server.sendResponse({ status: 200, fields: [], length: undefined, date: '' });
    expect(() => server.sendEnd(injected)).toThrow(LocalProtocolError);
  });
});

test('a refused head leaves the connection where it was: another one is sent', () => {
  const connection = asked();
  const head = { status: 204, fields: injected, length: 0, date: '' };
  expect(() => connection.sendResponse(head)).toThrow(LocalProtocolError);
  expect(connection.sendResponse({ ...head, fields: ['X-Name', 'a'] })).toContain('X-Name: a\r\n');
});
