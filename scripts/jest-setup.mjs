// Every test file runs under the same two rules: nothing may reach `unhandledRejection`, `uncaughtException` or
// a process warning, and no socket or server may still be open when the file ends.
import { afterAll, afterEach, beforeEach, expect } from '@jest/globals';

const stray = [];
const onRejection = (reason) => stray.push(['unhandledRejection', reason]);
const onException = (error) => stray.push(['uncaughtException', error]);
const onWarning = (warning) => {
  if (warning.name !== 'ExperimentalWarning') stray.push(['warning', warning]);
};

process.on('unhandledRejection', onRejection);
process.on('uncaughtException', onException);
process.on('warning', onWarning);

const OPEN_KINDS = new Set(['TCPSocketWrap', 'TCPServerWrap', 'PipeWrap', 'PipeServerWrap', 'TLSWrap', 'UDPWrap']);
const openHandles = () => process.getActiveResourcesInfo().filter((kind) => OPEN_KINDS.has(kind));
const openAtStart = openHandles();

beforeEach(() => {
  stray.length = 0;
});

afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve));
  expect(stray).toEqual([]);
});

afterAll(async () => {
  // A closed handle leaves the list a few turns of the loop later.
  for (let turn = 0; turn < 500 && openHandles().length > openAtStart.length; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  process.off('unhandledRejection', onRejection);
  process.off('uncaughtException', onException);
  process.off('warning', onWarning);
  expect(openHandles().toSorted()).toEqual(openAtStart.toSorted());
});
