import { describe, expect, test } from '@jest/globals';
import { InetAddress, PathAddress } from '../vocabulary/address.ts';
import { InvalidInputError } from '../vocabulary/errors.ts';
import { AddressList } from './address-list.ts';

describe('an address list', () => {
  const list = new AddressList(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);

  test.each([
    ['127.0.0.1', true],
    ['127.0.0.2', false],
    ['10.255.0.1', true],
    ['::ffff:10.0.0.1', true],
    ['11.0.0.1', false],
    ['fd00::1', true],
    ['fe80::1', false],
    ['localhost', false],
    ['', false],
  ])('tells whether it has %j: %j', (host, expected) => {
    expect(list.hasHost(host)).toBe(expected);
    expect(list.has(new InetAddress(host, 80))).toBe(expected);
  });

  test("has Unix peers only when it has 'unix'", () => {
    expect(list.has(new PathAddress(''))).toBe(false);
    expect(list.has(undefined)).toBe(false);
    expect(new AddressList(['unix']).has(new PathAddress(''))).toBe(true);
  });

  test.each([
    'localhost',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    'fd00::/129',
    '',
    '1.2.3/8',
  ])('refuses %j', (entry) => {
    expect(() => new AddressList([entry])).toThrow(InvalidInputError);
  });
});
