/** The test kit, a server and a client under Vitest's fake timers: those of its defaults, and everything that it can fake. */
import * as core from '@awaitio/core';
import * as sync from '@awaitio/core/sync';
import * as testing from '@awaitio/core/testing';
import * as http from '@awaitio/http';
import { processError } from '@vitest/utils/error';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { checksOf } from './checks.mjs';

afterEach(() => {
  vi.useRealTimers();
});

const everything = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'Date',
  'performance',
  'hrtime',
  'queueMicrotask',
];

test.each([
  ['SimulationError', (main) => testing.simulate({}, main)],
  ['SeedsError', (main) => testing.simulateSeeds({ count: 2, failures: 'all' }, main)],
])('of a %s Vitest prints the message and the stack alone', async (name, run) => {
  const error = await run(async (sim) => {
    for (let round = 0; round < 100; round += 1) await sim.clock.sleep(1);
    throw new Error('in the end');
  }).catch((reason) => reason);
  const { cause, ...printed } = processError(error);
  expect(printed).toEqual({ name, message: error.message, stack: error.stack });
  expect(cause.message).toBe('in the end');
  expect(error).toBeInstanceOf(testing[name]);
});

describe.each([
  ['its defaults', undefined],
  // Node’s own servers do not begin to listen without `process.nextTick`.
  ['everything but nextTick', { toFake: everything }],
  ['another date', { now: 0 }],
])('%s', (_what, options) => {
  const checks = checksOf({ core, sync, testing, http });
  // Node’s `Response` reads its body with the `queueMicrotask` of the moment.
  if (options?.toFake !== undefined) delete checks['HTTP: what is loaded when it is asked for'];
  test.each(Object.entries(checks))('%s', async (_name, check) => {
    vi.useFakeTimers(options);
    expect(await check()).toBeUndefined();
  });
});
