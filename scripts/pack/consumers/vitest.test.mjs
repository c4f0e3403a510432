/** The test kit, a server and a client under Vitest's fake timers. */
import * as core from '@awaitio/core';
import * as sync from '@awaitio/core/sync';
import * as testing from '@awaitio/core/testing';
import * as http from '@awaitio/http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { checksOf } from './checks.mjs';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test.each(Object.entries(checksOf({ core, sync, testing, http })))('%s', async (_name, check) => {
  expect(await check()).toBeUndefined();
});
