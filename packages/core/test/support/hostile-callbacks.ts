/**
 * Every way in which a callback fails, and a run of one scenario with each.
 *
 * A scenario uses a callback as a program would, and returns the failures that arrived in the place where they belong. That
 * nothing reaches `uncaughtException` or `unhandledRejection` is the guard's part: scripts/jest-environment.mjs.
 */
import { jest } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** A callback of any type: the compiler would refuse what it does. */
export type Callback = never;

/** An error whose every property throws. */
export function hostileError(): Error {
  const fail = (): never => {
    throw new Error('a getter of an error has thrown');
  };
  const error = new Error('hostile');
  for (const name of ['name', 'message', 'stack', 'code', 'cause', 'toString']) {
    Object.defineProperty(error, name, { get: fail });
  }
  return error;
}

/** A callback that fails: how, and what it does. `isSilent`: there is nothing to report. */
export interface Failing {
  readonly name: string;
  readonly call: () => unknown;
  readonly isSilent?: boolean;
}

export const FAILINGS: readonly Failing[] = [
  {
    name: 'throws',
    call: () => {
      throw new Error('thrown');
    },
  },
  {
    name: 'throws nothing',
    call: () => {
      // oxlint-disable-next-line typescript/only-throw-error -- what programs do
      throw undefined;
    },
  },
  {
    name: 'throws an error whose getters throw',
    call: () => {
      throw hostileError();
    },
  },
  {
    name: 'throws an object without a prototype',
    call: () => {
      throw Object.create(null);
    },
  },
  { name: 'rejects', call: () => Promise.reject(new Error('rejected')) },
  { name: 'rejects without a reason', call: () => Promise.reject() },
  { name: 'rejects with an error whose getters throw', call: () => Promise.reject(hostileError()) },
  {
    name: 'rejects late',
    call: async () => {
      await nextTurn();
      throw new Error('late');
    },
  },
  {
    name: 'returns a thenable that throws',
    call: () => ({
      // oxlint-disable-next-line unicorn/no-thenable -- what programs do
      then: () => {
        throw new Error('then has thrown');
      },
    }),
  },
  {
    name: 'returns a thenable that has no `then` to be read',
    call: () => ({
      // oxlint-disable-next-line unicorn/no-thenable -- what programs do
      get then(): unknown {
        throw new Error('the getter of then has thrown');
      },
    }),
  },
  {
    name: 'returns a thenable that rejects twice',
    call: () => ({
      // oxlint-disable-next-line unicorn/no-thenable -- what programs do
      then: (_resolve: unknown, reject: (reason: unknown) => void) => {
        reject(new Error('first'));
        reject(new Error('second'));
        throw new Error('third');
      },
    }),
  },
  { name: 'never settles', call: () => new Promise(() => {}), isSilent: true },
];

/** What a scenario may use. */
export interface Stage {
  /** Whether the callback never settles: there is nothing to report. */
  readonly isSilent: boolean;
  /** What was written to stderr. */
  readonly stderr: readonly string[];
  /** Failures that have arrived elsewhere. */
  readonly reported: unknown[];
  /** Called at the end, the last one first. */
  defer(cleanup: () => unknown): void;
  /**
   * Waits for a simulation, which ends by itself: no turn of the real loop may be taken meanwhile, as it would fail the run.
   */
  simulating<T>(run: Promise<T>): Promise<T>;
  /** Lets what is under way happen. */
  turns(count?: number): Promise<void>;
}

/** Uses the callback; returns what was reported. */
export type Scenario = (callback: Callback, stage: Stage) => Promise<readonly unknown[]>;

const PATIENCE = 1_500;

/** Runs a scenario. @throws Error when it waits, or nothing was reported. */
export async function runScenario(scenario: Scenario, failing: Failing): Promise<void> {
  const stderr: string[] = [];
  const said = jest.spyOn(console, 'error').mockImplementation((line: unknown) => {
    stderr.push(String(line));
  });
  const cleanups: (() => unknown)[] = [];
  let isOver = false;
  let simulation: Promise<unknown> | undefined;
  const stage: Stage = {
    isSilent: failing.isSilent === true,
    stderr,
    reported: [],
    defer: (cleanup) => cleanups.push(cleanup),
    simulating: (run) => {
      simulation = run.catch(() => {});
      return run;
    },
    turns: async (count = 10) => {
      for (let turn = 0; turn < count; turn += 1) await nextTurn();
      // A scenario that waits for a report that never comes must not go on behind the next test.
      if (isOver) await new Promise(() => {});
    },
  };
  try {
    let outcome: readonly unknown[] | undefined;
    let failure: { readonly error: unknown } | undefined;
    const running = scenario(failing.call as Callback, stage).then(
      (reported) => (outcome = reported),
      (error: unknown) => (failure = { error }),
    );
    if (simulation !== undefined) await simulation;
    const end = performance.now() + PATIENCE;
    const isOpen = (): boolean => outcome === undefined && failure === undefined;
    for (let turn = 0; isOpen() && performance.now() < end; turn += 1) {
      if (failing.isSilent === true && turn > 50) break;
      await nextTurn();
    }
    const waits = isOpen() && failing.isSilent !== true;
    for (const cleanup of cleanups.toReversed()) await cleanup();
    await stage.turns(3);
    isOver = true;
    if (waits) throw new Error('the scenario waits for a timeout');
    if (failing.isSilent === true) return;
    if (failure !== undefined) throw failure.error;
    await running;
    if (outcome?.length === 0) throw new Error('the failure was not reported');
    if (outcome?.includes(undefined) === true) throw new Error('nothing was reported as a failure');
  } finally {
    isOver = true;
    said.mockRestore();
  }
}

/** What a call rejects with, as a report; nothing when it succeeds. */
export async function rejectionOf(call: Promise<unknown>): Promise<readonly unknown[]> {
  try {
    await call;
    return [];
  } catch (error) {
    return [{ error }];
  }
}
