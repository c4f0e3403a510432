/** The test kit, a server and a client under Jest's fake timers, which fake more: microtasks and ticks too. */
import * as core from '@awaitio/core';
import * as sync from '@awaitio/core/sync';
import * as testing from '@awaitio/core/testing';
import * as http from '@awaitio/http';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { checksOf } from './checks.mjs';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test.each(Object.entries(checksOf({ core, sync, testing, http })))('%s', async (_name, check) => {
  expect(await check()).toBeUndefined();
});
