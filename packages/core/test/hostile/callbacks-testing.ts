/** The callbacks of `@awaitio/core/testing`. */

import {
  checkStream,
  ManualClock,
  simTest,
  simulate,
  streamContract,
  type Simulation,
  type SimulatedMain,
  type SimClock,
  type StreamCheck,
} from '../../src/testing/index.ts';
import {
  rejectionOf,
  type Callback,
  type Scenario,
  type Stage,
} from '../support/hostile-callbacks.ts';
import { context } from './callback-stages.ts';
import { passed } from './callbacks-lowlevel.ts';

const simulated = (stage: Stage, main: SimulatedMain): Promise<readonly unknown[]> =>
  rejectionOf(stage.simulating(simulate({ deadline: 60_000 }, main)));

/** The run fails. */
const running =
  (main: (sim: Simulation, callback: Callback) => void): Scenario =>
  async (callback, stage) =>
    simulated(stage, (sim) => {
      main(sim, callback);
      return sim.clock.sleep(1_000);
    });

/** As the platform's timers do, these ignore what a callback returns; a promise that rejects is an unhandled one. */
const timing =
  (set: (clock: SimClock, callback: Callback) => unknown): Scenario =>
  async (callback, stage) => {
    let isIgnored = false;
    const call: () => unknown = callback;
    const seen = (): unknown => {
      const returned = call();
      isIgnored = returned !== undefined && !(returned instanceof Promise);
      return returned;
    };
    const reported = await running((sim) => set(sim.clock, seen as Callback))(callback, stage);
    return isIgnored ? ['ignored'] : reported;
  };

const matching = (set: (sim: Simulation, match: Callback) => unknown): Scenario =>
  running((sim, match) => {
    set(sim, match);
    const [a, b] = [sim.host('a'), sim.host('b')];
    a.run(async () => {
      await a.listen(80);
    });
    b.run(async () => {
      await b.connect('a:80');
    });
  });

const firstContract = (makePair: Callback): StreamCheck => {
  const [first] = streamContract(makePair, { clock: new ManualClock() });
  if (first === undefined) throw new Error('there is no contract');
  return first;
};

export const TESTING: Readonly<Record<string, Scenario | string>> = {
  'FaultCalls.drop(match)': matching((sim, match) => sim.drop(match)),
  'FaultCalls.delay(match)': matching((sim, match) => sim.delay(match, 5)),
  'FaultCalls.barrier(match)': matching((sim, match) => sim.barrier(match)),
  'ManualClock.setTimer(callback)': async (callback, stage) => {
    const clock = new ManualClock();
    clock.setTimer(callback, 1);
    const thrown = await rejectionOf(clock.advance(1));
    await stage.turns();
    return [...thrown, ...stage.stderr];
  },
  'ManualClock.defer(callback)': async (callback, stage) => {
    new ManualClock().defer(callback);
    await stage.turns();
    return stage.stderr;
  },
  'SimClock.setTimer(callback)': timing((clock, callback) => clock.setTimer(callback, 1)),
  'SimClock.defer(callback)': timing((clock, callback) => {
    clock.defer(callback);
  }),
  'SimClock.arm(callback)': timing((clock, callback) => clock.arm(callback, 1)),
  'SimClock.schedule(callback)': timing((clock, callback) => clock.schedule(callback, 1)),
  'SimHost.listen': context,
  'SimHost.connect': context,
  'SimHost.bindUdp': context,
  'SimHost.listenUnix': context,
  'SimHost.connectUnix': context,
  'SimHost.run(program)': running((sim, program) => {
    sim.host('a').run(program);
  }),
  'SimHost.enter(body)': passed,
  'SimTestOptions.test': async (register, stage) => {
    const thrown = await rejectionOf(
      (async () => {
        simTest('a name', { test: register, regressions: false }, () => {});
      })(),
    );
    await stage.turns();
    return [...thrown, ...stage.stderr];
  },
  'StreamCheck.run': context,
  'checkStream(makePair)': async (makePair) =>
    rejectionOf(checkStream(makePair, { clock: new ManualClock() })),
  'streamContract(makePair)': async (makePair) => rejectionOf(firstContract(makePair).run()),
  'shrinkRun(main)': 'as of simulate, which it calls',
  'simulate(main)': async (main, stage) => simulated(stage, main),
};
