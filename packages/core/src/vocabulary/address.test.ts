import { describe, expect, test } from '@jest/globals';
import { InetAddress, parseAddress, PathAddress, type AddressLike } from './address.ts';
import { InvalidInputError } from './errors.ts';

const parse = (address: unknown) => parseAddress(address as AddressLike, 'connect', 'localhost');

describe('parseAddress', () => {
  test.each<[unknown, unknown]>([
    ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
    ['example.com:8080', { host: 'example.com', port: 8080 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    ['[fe80::1%eth0]:443', { host: 'fe80::1%eth0', port: 443 }],
    [':1234', { host: 'localhost', port: 1234 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['localhost:65535', { host: 'localhost', port: 65_535 }],
    [
      { host: '::1', port: 80 },
      { host: '::1', port: 80 },
    ],
    [{ port: 80 }, { host: 'localhost', port: 80 }],
    [{ path: '/run/app.sock' }, { path: '/run/app.sock' }],
    [{ path: '\0abstract' }, { path: '\0abstract' }],
    [
      { path: undefined, port: 80 },
      { host: 'localhost', port: 80 },
    ],
    [new InetAddress('127.0.0.1', 80), { host: '127.0.0.1', port: 80 }],
    [new PathAddress('/run/app.sock'), { path: '/run/app.sock' }],
  ])('reads %j', (address, expected) => {
    expect(parse(address)).toEqual(expected);
  });

  const form = "`address` to be 'host:port' (an IPv6 host in brackets), { host, port } or { path }";
  const port = '`port` to be a whole number from 0 to 65535';
  test.each<[unknown, string]>([
    ['localhost', `${form}, got "localhost" (string)`],
    ['', `${form}, got "" (string)`],
    ['::1:80', `${form}, got "::1:80" (string)`],
    ['[::1]', `${form}, got "[::1]" (string)`],
    ['[]:80', `${form}, got "[]:80" (string)`],
    ['localhost:', `${form}, got "localhost:" (string)`],
    ['localhost:http', `${form}, got "localhost:http" (string)`],
    ['localhost:-1', `${form}, got "localhost:-1" (string)`],
    ['localhost:80 ', `${form}, got "localhost:80 " (string)`],
    [null, `${form}, got null`],
    [undefined, `${form}, got undefined`],
    [80, `${form}, got 80 (number)`],
    ['localhost:65536', `${port}, got 65536 (number)`],
    [{ host: 'localhost' }, `${port}, got undefined`],
    [{ port: -1 }, `${port}, got -1 (number)`],
    [{ port: 1.5 }, `${port}, got 1.5 (number)`],
    [{ port: '80' }, `${port}, got "80" (string)`],
    [{ host: '', port: 80 }, '`host` to be a non-empty string, got "" (string)'],
    [{ host: 1, port: 80 }, '`host` to be a non-empty string, got 1 (number)'],
    [{ path: '' }, '`path` to be a non-empty string, got "" (string)'],
    [{ path: 3 }, '`path` to be a non-empty string, got 3 (number)'],
  ])('refuses %j with what it expected and what it got', (address, message) => {
    expect(() => parse(address)).toThrow(new InvalidInputError(`connect: expected ${message}`, ''));
  });
});

describe('an address', () => {
  test('prints in the form that is parsed, with brackets around an IPv6 host', () => {
    expect(String(new InetAddress('127.0.0.1', 80))).toBe('127.0.0.1:80');
    expect(String(new InetAddress('::1', 80))).toBe('[::1]:80');
    expect(parse(String(new InetAddress('::1', 80)))).toEqual({ host: '::1', port: 80 });
  });

  test('of a Unix socket prints its path, and an unnamed one as unix:', () => {
    expect(String(new PathAddress('/run/app.sock'))).toBe('unix:/run/app.sock');
    expect(String(new PathAddress(''))).toBe('unix:');
  });
});
