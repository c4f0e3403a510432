/**
 * The round trips after the platform's timers, ticks and clocks were replaced by fakes that never run anything.
 *
 *   node faked.mjs [name …]    the names that stay real
 *
 * It does what the fakes of test runners do, all at once: they replace globals, properties of `process` and `performance`,
 * and functions of `node:timers`.
 */
import timers from 'node:timers';
import { runTrips } from './round-trips.mjs';

const real = process.argv.slice(2);
const never = () => ({ ref() {}, unref() {}, hasRef: () => true, refresh() {} });
const frozen = Object.assign(() => [0, 0], { bigint: () => 0n });

class FakeDate extends Date {
  constructor() {
    super(0);
  }
  static now() {
    return 0;
  }
}

function fake(owner, names) {
  for (const [name, value] of Object.entries(names)) {
    if (!real.includes(name)) {
      Object.defineProperty(owner, name, { configurable: true, writable: true, value });
    }
  }
}

const functions = {
  setTimeout: never,
  setInterval: never,
  setImmediate: never,
  clearTimeout() {},
  clearInterval() {},
  clearImmediate() {},
};
fake(timers, functions);
fake(globalThis, { ...functions, queueMicrotask: never, Date: FakeDate });
fake(performance, { now: () => 0 });
fake(process, { nextTick: never, hrtime: frozen });

await runTrips();
