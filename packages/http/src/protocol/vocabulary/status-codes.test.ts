import { STATUS_CODES as KNOWN_TO_NODE } from 'node:http';
import { expect, test } from '@jest/globals';
import { reasonOf } from './status-codes.ts';

test('every status that Node knows has a reason', () => {
  const statuses = Object.keys(KNOWN_TO_NODE).map(Number);
  expect(statuses.length).toBeGreaterThan(60);
  expect(statuses.filter((status) => reasonOf(status) === '')).toEqual([]);
  expect([200, 404, 431].map(reasonOf)).toEqual([
    'OK',
    'Not Found',
    'Request Header Fields Too Large',
  ]);
});

test('a status without a registered reason has an empty one', () => {
  expect(reasonOf(799)).toBe('');
});
