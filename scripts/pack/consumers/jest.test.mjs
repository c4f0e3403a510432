/** The test kit, a server and a client under Jest's fake timers, which fake more: microtasks and ticks too. */
import * as core from '@awaitio/core';
import * as sync from '@awaitio/core/sync';
import * as testing from '@awaitio/core/testing';
import * as http from '@awaitio/http';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { checksOf } from './checks.mjs';

afterEach(() => {
  jest.useRealTimers();
});

const OTHERS = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'clearImmediate',
  'Date',
  'performance',
  'hrtime',
  'nextTick',
  'queueMicrotask',
];

describe.each([
  ['everything', undefined],
  ['everything but nextTick', { doNotFake: ['nextTick'] }],
  ['setImmediate alone', { doNotFake: OTHERS }],
  ['another date', { now: 0 }],
])('%s', (_what, options) => {
  test.each(Object.entries(checksOf({ core, sync, testing, http })))('%s', async (_name, check) => {
    jest.useFakeTimers(options);
    expect(await check()).toBeUndefined();
  });
});
