/**
 * Runs a program on a simulated network, from one seed.
 *
 * The loop of a run: let the program run until it is idle (`guard/guard.ts`), jump to the next event, run it, repeat, until none is left.
 * Nothing may then be waiting: listeners that are still open are closed first, so that accept loops end; the rest would wait forever.
 */

import type { Executor } from '../../tasks/executor.ts';
import { seededRandom, type Random } from '../../vocabulary/random.ts';
import { systemClock } from '../../waiting/system-clock.ts';
import { drawOrder } from './draw-order.ts';
import { isClosedListener, messageOf, namesOf, segmentsOf } from './failure.ts';
import { SimClock, wasQuiet } from './wire/clock.ts';
import { withPage } from './pages.ts';
import type { Fabric } from './network/fabric.ts';
import { chanceOf } from './guard/chance.ts';
import { currentLife } from './hosts/context.ts';
import { RunExecutor } from './hosts/life-executor.ts';
import { guardWorld } from './guard/guard.ts';
import { loadedForRuns } from './guard/loading.ts';
import { untilIdle } from './guard/idle.ts';
import type { Watch } from './guard/real-work.ts';
import { waitForWork } from './real-time.ts';
import { Places } from './net/places.ts';
import type { SimFaults } from './wire/faults.ts';
import { fabricOf, SimNetwork } from './network/network.ts';
import { Properties, setCurrentProperties } from './properties.ts';
import { FinishedRun, pendingOf, SimulationError } from './report.ts';
import type { FailureFacts, FailureKind, Pending, SimulationRun } from './run.ts';
import { faultsOf } from './swarm.ts';
import type { Trace } from './wire/trace.ts';
import {
  checkRun,
  DEFAULT_DEADLINE,
  DEFAULT_MAX_EVENTS,
  type SimulatedMain,
  type SimulationOptions,
} from './options.ts';
import { simulationOf } from './simulation.ts';

/** Idle rounds without an event after which the program cannot go on. */
const MAX_IDLE_ROUNDS = 5;

/**
 * Runs `main` on a simulated network until no event is left.
 *
 * @param options - The seed and the properties of the network.
 * @param main - The program. It receives hosts, a clock and an executor. `setTimeout`, `Math.random`, `node:net` and their kind are
 * virtual in it; what has no virtual form is refused.
 * @returns What happened, with a hash that the same seed reproduces, on every version of Node.
 * @throws {@link SimulationError} when `main` or a task fails, a rejection is not handled, a wait can never settle
 * (deadlock, or left pending at the end), the deadline passes, the real world was used, or real work does not end.
 *
 * @example
 * ```ts
 * import { simulate } from '@awaitio/core/testing';
 *
 * const run = await simulate({ seed: 42, faults: { split: 1 } }, async (sim) => {
 *   const listener = await sim.host('server').listen(80);
 *   sim.executor.spawn(async () => {
 *     for await (const stream of listener) {
 *       await stream.writeAll(`hello ${await stream.readLine()}\n`);
 *       await stream.close();
 *     }
 *   });
 *   const stream = await sim.host('client').connect('server:80');
 *   await stream.writeAll('world\n');
 *   console.log(await stream.readLine()); // hello world
 *   await stream.close();
 * });
 * console.log(run.seed, run.virtualTime > 0); // 42 true
 * ```
 */
export async function simulate(
  options: SimulationOptions,
  main: SimulatedMain,
): Promise<SimulationRun> {
  const run = new Run(checkRun(options, main));
  const loading = loadedForRuns();
  if (loading !== undefined) await loading;
  return withPage(options, run.run(main), () => new Run(options).run(main));
}

type Failure = Pick<FailureFacts, 'cause' | 'kind' | 'what'>;

/** One run of a simulation. */
class Run {
  readonly #options: SimulationOptions;
  readonly #seed: number;
  readonly #deadline: number;
  readonly #clock = new SimClock();
  readonly #trace: Trace;
  readonly #network: SimNetwork;
  readonly #fabric: Fabric;
  readonly #places: Places;
  #executor: Executor | undefined;
  readonly #random: Random;
  readonly #properties = new Properties((name) => {
    this.#fail('always', `always "${name}" was false`, undefined);
  });
  readonly #swarm: SimFaults | undefined;
  #isMainDone = false;
  #isClosing = false;
  #failure: Failure | undefined;

  constructor(options: SimulationOptions) {
    const { seed = 0, deadline, decisions, latency, giveUpAfter } = options;
    this.#options = Object.freeze({ ...options });
    const { faults, drawn } = faultsOf(seed, options.faults);
    this.#swarm = drawn;
    this.#seed = seed;
    this.#deadline = deadline ?? DEFAULT_DEADLINE;
    const clock = this.#clock;
    const random = seededRandom(seed);
    // What the program draws must not change what the network draws.
    this.#random = seededRandom(random.integer(0, 0xffff_ffff));
    this.#network = new SimNetwork({ clock, random, decisions, latency, faults, giveUpAfter });
    this.#fabric = fabricOf(this.#network);
    this.#places = new Places(this.#fabric);
    this.#trace = this.#fabric.trace;
    if (options.order === 'seed') drawOrder(this.#fabric);
    this.#fabric.seed = seed;
    this.#fabric.onTaskError = this.#onTaskError;
    clock.onTimer = this.#onTimer;
  }

  /** A field, not a function made where it is assigned: V8 keeps those, and all that they refer to, until it collects everything. */
  readonly #onTimer = (sequence: number): void => {
    this.#trace.record('timer', '', sequence);
  };

  readonly #onTaskError = (error: unknown, name: string): void => {
    if (this.#isClosing && isClosedListener(error)) return;
    this.#fail('task', `task "${name}" failed: ${messageOf(error)}`, error);
  };

  async run(main: SimulatedMain): Promise<SimulationRun> {
    const clock = this.#clock;
    const guard = guardWorld({
      chance: chanceOf(this.#seed),
      allow: this.#options.allow ?? [],
      network: this.#places.answers,
      clockOf: () => currentLife()?.clock ?? clock,
      systemClock,
      onForbidden: (error) => {
        this.#fail('forbidden call', error.message, error);
      },
      onStray: (kind, error) => {
        this.#fail(kind, `${kind}: ${messageOf(error)}`, error);
      },
    });
    setCurrentProperties(this.#properties);
    try {
      const { watch } = guard;
      await watch.enter(() => {
        void this.#begin(main);
        return this.#drive(watch);
      });
      // What the failure released still runs here, while the real world is out of reach.
      await untilIdle();
      const result = this.#result();
      await watch.enter(() => this.#places.leave(guard.timers, untilIdle));
      if (result instanceof SimulationError) throw result;
      return result;
    } finally {
      guard.restore();
      setCurrentProperties(undefined);
    }
  }

  async #begin(main: SimulatedMain): Promise<void> {
    try {
      const executor = new RunExecutor({
        clock: this.#clock,
        name: 'the simulation',
        onTaskError: (error, { name }) => {
          this.#onTaskError(error, name);
        },
      });
      this.#executor = executor;
      const parts = {
        seed: this.#seed,
        clock: this.#clock,
        random: this.#random,
        executor,
        network: this.#network,
      };
      await main(simulationOf(parts, this.#trace, this.#properties));
      this.#isMainDone = true;
    } catch (error) {
      this.#isMainDone = true;
      this.#fail('main', messageOf(error), error);
    }
  }

  /** Runs event after event, until none is left or the run fails. */
  async #drive(watch: Watch): Promise<void> {
    let idleRounds = 0;
    let isQuiet = false;
    while (this.#failure === undefined) {
      if (!isQuiet) await untilIdle();
      isQuiet = false;
      if (watch.isWorking) await this.#wait(watch, () => (watch.isWorking ? watch.work : []));
      if (this.#failure !== undefined) return;
      if (this.#isMainDone && !this.#clock.isBusy) {
        if (!this.#isClosing) {
          this.#isClosing = true;
          this.#fabric.closeListeners();
          continue;
        }
        if (!this.#isPending) return;
      }
      if (this.#step()) {
        idleRounds = 0;
        isQuiet = wasQuiet(this.#clock);
        const { maxEvents = DEFAULT_MAX_EVENTS } = this.#options;
        if (this.#clock.fired > maxEvents) {
          this.#fail('events', `more than maxEvents = ${maxEvents} events happened`, undefined);
        }
      } else if (this.#clock.next === undefined && idleRounds < MAX_IDLE_ROUNDS) {
        idleRounds += 1;
      } else if (this.#clock.next === undefined && watch.unexplained.length > 0) {
        await this.#wait(watch, () => (this.#canGoOn ? [] : watch.unexplained));
        idleRounds = 0;
      } else {
        this.#end();
        return;
      }
    }
  }

  /** Runs the next event. What a timer of the program throws fails the run, as it would end a process. */
  #step(): boolean {
    try {
      return this.#clock.step(this.#deadline);
    } catch (error) {
      this.#fail('uncaught exception', `uncaught exception: ${messageOf(error)}`, error);
      return true;
    }
  }

  get #canGoOn(): boolean {
    return this.#failure !== undefined || this.#isMainDone || this.#clock.next !== undefined;
  }

  /** Waits for real work while virtual time stands still. */
  async #wait(watch: Watch, work: () => readonly string[]): Promise<void> {
    const what = await waitForWork(watch, () => (this.#failure === undefined ? work() : []));
    if (what !== undefined) this.#fail('real work', what, undefined);
  }

  /** No event is left, or none before the deadline. */
  #end(): void {
    const isLate = this.#clock.next !== undefined;
    if (!this.#isPending) return;
    if (isLate) {
      const last = `the last event was at ${this.#clock.now().toFixed(3)} ms`;
      this.#fail('deadline', `the deadline of ${this.#deadline} ms passed; ${last}`, undefined);
    } else if (this.#isMainDone) {
      this.#fail('pending', 'main finished, and something waits forever', undefined);
    } else {
      this.#fail('deadlock', 'everything waits and no event is left', undefined);
    }
  }

  /** Only the first failure counts. */
  #fail(kind: FailureKind, what: string, cause: unknown): void {
    this.#failure ??= { kind, what, cause };
  }

  /** Whether anything of the program has not ended. What it is, is only said when a run fails. */
  get #isPending(): boolean {
    return (
      !this.#isMainDone ||
      (this.#executor?.snapshot().length ?? 0) > 0 ||
      this.#fabric.tasks.length > 0 ||
      this.#network.waits.length > 0
    );
  }

  #pending(): Pending {
    return pendingOf(
      !this.#isMainDone,
      namesOf([...(this.#executor?.snapshot() ?? []), ...this.#fabric.tasks]),
      this.#network.waits,
      this.#fabric.crashed,
      this.#clock,
    );
  }

  #result(): SimulationRun | SimulationError {
    this.#fabric.decisions.seal();
    const run = new FinishedRun(this.#fabric.decisions, {
      seed: this.#seed,
      hash: this.#trace.hash,
      virtualTime: this.#clock.now(),
      events: this.#clock.fired,
      trace: this.#trace.entries,
      properties: this.#properties.counts,
      faults: this.#swarm,
    });
    if (this.#failure === undefined) return run;
    const pending = this.#pending();
    const { kind, what, cause } = this.#failure;
    const segments = segmentsOf(this.#fabric);
    const options = this.#options;
    return new SimulationError(run, { kind, what, cause, pending, segments, options });
  }
}
