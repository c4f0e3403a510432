/** The test kit, a server and a client under Vitest's fake timers. */
import * as core from '@awaitio/core';
import * as testing from '@awaitio/core/testing';
import * as http from '@awaitio/http';
import { afterEach, beforeEach, test, vi } from 'vitest';
import { checksOf } from './checks.mjs';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

for (const [name, check] of Object.entries(checksOf({ core, testing, http }))) {
  test(name, async () => {
    await check();
  });
}
