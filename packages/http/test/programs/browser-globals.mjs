/**
 * The round trips of packages that are loaded where the globals are those of a browser, as jsdom's are in a test runner: timers
 * are numbers, and what only Node has is missing.
 */
const { setTimeout, clearTimeout } = globalThis;
const timers = new Map();
let last = 0;
globalThis.setTimeout = (callback, delay, ...args) => {
  last += 1;
  timers.set(last, setTimeout(callback, delay, ...args));
  return last;
};
globalThis.clearTimeout = (number) => clearTimeout(timers.get(number));
for (const name of [
  'setImmediate',
  'clearImmediate',
  'TextDecoder',
  'TextEncoder',
  'structuredClone',
  'ReadableStream',
  'WritableStream',
  'Request',
  'Response',
]) {
  delete globalThis[name];
}

const { runTrips } = await import('./round-trips.mjs');
await runTrips();
