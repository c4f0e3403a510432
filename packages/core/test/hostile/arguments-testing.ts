/** The calls of `@awaitio/core/testing`. */

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as core from '../../src/index.ts';
import * as kit from '../../src/testing/index.ts';
import type { Recipe } from '../support/hostile-calls.ts';
import {
  authority,
  trusted,
  error,
  simulated,
  plain,
  simulating,
  onClock,
  each,
} from './argument-recipes.ts';

/** A run that failed, to be shown and shrunk. */
const failedRun = await kit
  .simulate({}, ({ always }) => {
    always(false, 'the failure of this test');
  })
  .catch((failure: unknown) => failure);
/** Where the tests write files. */
export const folder: string = mkdtempSync(join(tmpdir(), 'awaitio-hostile-'));
/** `saveStory`, which writes what it is given a path for: a text that is no path on purpose is one in a folder of this file. */
const savingStory = (path: unknown, run: unknown): void => {
  const file = path === 'nonsense' ? join(folder, path) : path;
  kit.saveStory(file as string, run as kit.SimulationError);
};

/** `simTest` with another register where it would call Jest's, which takes no test within a test. */
function registering(name: string, options: kit.SimTestOptions, main: kit.ManyRunsMain): void {
  const isBag = Object.prototype.toString.call(options) === '[object Object]';
  kit.simTest(
    name,
    isBag ? Object.assign(Object.create(options), { test: () => {} }) : options,
    main,
  );
}

export const TESTING: Readonly<Record<string, Recipe>> = {
  'ManualClock.setTimer': onClock(
    () => new kit.ManualClock(),
    () => {},
    0,
  ),
  'ManualClock.defer': onClock(
    () => new kit.ManualClock(),
    () => {},
  ),
  'ManualClock.sleep': () => {
    const clock = new kit.ManualClock();
    return { target: clock, args: [1, {}], release: () => clock.advance(100) };
  },
  'ManualClock.advance': onClock(() => new kit.ManualClock(), 1),
  'new OpenStreamsError': trusted,
  'new DiskError': trusted,
  ...each(
    'FaultCalls',
    ['partition', 'heal', 'hold', 'release', 'link', 'during', 'silence', 'reset'],
    simulated,
  ),
  ...each('FaultCalls', ['drop', 'delay', 'barrier'], simulated),
  'SimBarrier.reached': simulated,
  ...each('SimClock', ['arm', 'setTimer', 'defer', 'sleep', 'schedule', 'step'], simulated),
  ...each(
    'SimDisk',
    ['access', 'appendFile', 'mkdir', 'open', 'readFile', 'readdir', 'rename', 'rm', 'rmdir'],
    simulated,
  ),
  ...each('SimDisk', ['stat', 'truncate', 'unlink', 'writeFile'], simulated),
  ...each('SimDns', ['addressOf', 'delete', 'lookup', 'set'], simulated),
  ...each(
    'SimFileHandle',
    ['appendFile', 'read', 'readFile', 'truncate', 'write', 'writeFile'],
    simulated,
  ),
  ...each('SimHost', ['enter', 'pause', 'run'], simulated),
  ...each('SimHostClock', ['jump', 'skew'], simulated),
  ...each('SimLink', ['during', 'faults'], simulated),
  'new SimNetwork': plain(kit.SimNetwork, () => [{}]),
  ...each('SimNetwork', ['host', 'partition', 'heal', 'hold', 'release'], simulated),
  ...each('SimStream', ['setNoDelay', 'setKeepAlive', 'setTypeOfService'], simulated),
  ...each('Simulation', ['host', 'log', 'always', 'sometimes', 'reachable'], simulated),
  'new SeedsError': error,
  'new NotRepeatableError': trusted,
  'new SimulationError': trusted,
  'new TestAuthority': plain(kit.TestAuthority, () => ['name']),
  'TestAuthority.issue': plain(authority, () => [['127.0.0.1'], {}]),
  always: plain(kit.always, () => [true, 'name']),
  checkStream: plain(kit.checkStream, () => [
    () => {
      throw new core.ClosedError('no pair', { code: 'ERR', operation: 'test' });
    },
    {},
  ]),
  expectNoOpenStreams: plain(kit.expectNoOpenStreams, () => [{ within: 0 }]),
  formatTrace: plain(kit.formatTrace, () => [[]]),
  'SimulationError.writePage': 'it writes a file: any path is one',
  lockstepPair: plain(kit.lockstepPair, () => [{}]),
  planOf: plain(kit.planOf, () => [['a'], [[1, 2, 3, 4]]]),
  reachable: plain(kit.reachable, () => ['name']),
  readStory: plain(kit.readStory, () => [join(folder, 'none.json')]),
  saveStory: plain(savingStory, () => [join(folder, 'right.json'), failedRun]),
  shrinkRun: simulating(kit.shrinkRun, () => [failedRun, () => {}, {}]),
  simTest: plain(registering, () => ['a name', {}, () => {}]),
  simulate: simulating(kit.simulate, () => [{}, () => {}]),
  simulateSeeds: simulating(kit.simulateSeeds, () => [{ count: 1 }, () => {}]),
  sometimes: plain(kit.sometimes, () => [true, 'name']),
  streamContract: plain(kit.streamContract, () => [() => core.memoryPair(), {}]),
  virtualModule: plain(kit.virtualModule, () => ['node:net']),
};
