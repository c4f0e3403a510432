/**
 * One life of a host: from its start to its crash.
 *
 * The clock, the tasks and the random numbers of the programs belong to the life, not to the host. A crash stops the code of a real
 * machine wherever it is. JavaScript cannot stop a function, so the function is left where it waits, for good: its timers never
 * fire, its streams and files never answer, its tasks count as gone. (madsim drops the futures of a node that is killed, turmoil
 * the whole runtime of a host; what is left of a promise that never settles goes with the garbage.)
 *
 * While the machine is paused, its kernel goes on: connections are accepted and bytes are received into its buffers. What
 * the program would notice waits here, in its order.
 */

import type { OptionRule } from '../../../vocabulary/check.ts';
import type { Clock } from '../../../vocabulary/clock.ts';
import type { Random } from '../../../vocabulary/random.ts';
import type { Executor } from '../../../tasks/executor.ts';
import type { TaskInfo } from '../../../tasks/task-types.ts';
import { boardOf, watchWaits, type WaitBoard } from '../../../waiting/wait-board.ts';
import { currentRun, enterLife, type HostLife, type Place } from './context.ts';
import type { Dial } from './dial.ts';
import { HostClock, type ClockOwner, type MachineTime } from './host-clock.ts';
import { LifeExecutor } from './life-executor.ts';

/** Milliseconds of a pause. */
export const pauseRule: OptionRule = {
  expected: 'a number of milliseconds above 0',
  accepts: (value) => typeof value === 'number' && value > 0 && value < Infinity,
};

/** What a life needs of its host. */
export interface LifeOptions {
  readonly host: string;
  /** What of the host outlasts this life. */
  readonly machine: object;
  readonly time: MachineTime;
  readonly dial: Dial;
  readonly random: () => Random;
  readonly chance: () => Random;
  readonly record: (event: string, count: number) => void;
  readonly onTaskError: ((error: unknown, name: string) => void) | undefined;
  /** Its clock was made: before the executor of its tasks. */
  readonly onClock: ((clock: Clock, host: string) => void) | undefined;
}

export class Life implements ClockOwner, HostLife {
  readonly #options: LifeOptions;
  readonly host: string;
  readonly place: Place;
  // Made on first use: most hosts need none of these.
  #clock: HostClock | undefined;
  #crash: AbortController | undefined;
  #stop: AbortController | undefined;
  #executor: LifeExecutor | undefined;
  #random: Random | undefined;
  #chance: Random | undefined;
  /** Called at the crash, for code outside. */
  #watchers: Set<() => void> | undefined;
  #isOver = false;
  /** When the pause ends, in true time. */
  #pausedUntil = 0;
  #isPaused = false;
  /** What the program will notice when it goes on. */
  #held: (() => void)[] = [];
  #isDraining = false;

  constructor(options: LifeOptions) {
    this.#options = options;
    this.host = options.host;
    this.place = { run: currentRun(), life: this };
  }

  get clock(): HostClock {
    if (this.#clock === undefined) {
      const { time, dial } = this.#options;
      this.#clock = new HostClock(time, dial, this);
      watchWaits(this.#clock);
      this.#options.onClock?.(this.#clock, this.host);
    }
    return this.#clock;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  get machine(): object {
    return this.#options.machine;
  }

  get time(): MachineTime {
    return this.#options.time;
  }

  /** Aborts at the crash, for those outside. */
  get crashSignal(): AbortSignal {
    this.#crash ??= new AbortController();
    return this.#crash.signal;
  }

  /** Calls back at the crash, or at once after it. @returns What forgets the callback. */
  atCrash(callback: () => void): () => void {
    if (this.#isOver) callback();
    const watchers = (this.#watchers ??= new Set());
    watchers.add(callback);
    return () => {
      watchers.delete(callback);
    };
  }

  /** Aborts when the programs are asked to end. */
  get stopSignal(): AbortSignal {
    this.#stop ??= new AbortController();
    return this.#stop.signal;
  }

  /** Whether the programs were asked to end. */
  get isStopped(): boolean {
    return this.#stop?.signal.aborted === true;
  }

  get executor(): Executor {
    const { host, onTaskError } = this.#options;
    this.#executor ??= new LifeExecutor(this, `the host ${host}`, (error, { name }) => {
      if (!this.#isOver) onTaskError?.(error, name);
    });
    return this.#executor;
  }

  get chance(): Random {
    this.#chance ??= this.#options.chance();
    return this.#chance;
  }

  get random(): Random {
    this.#random ??= this.#options.random();
    return this.#random;
  }

  /** The tasks that have not ended. */
  get tasks(): readonly TaskInfo[] {
    return this.#executor?.snapshot() ?? [];
  }

  /** What waits on its clock besides streams. */
  get board(): WaitBoard | undefined {
    return this.#clock === undefined ? undefined : boardOf(this.#clock);
  }

  enter<T>(body: () => T): T {
    return enterLife(this, body);
  }

  onClockChange(event: 'jump' | 'skew', value: number): void {
    this.#options.record(event, value);
  }

  /** Asks the programs to end. */
  stop(reason: unknown): void {
    this.#stop ??= new AbortController();
    this.#stop.abort(reason);
  }

  /** The machine crashes. */
  end(reason: unknown): void {
    this.#isOver = true;
    this.#isPaused = false;
    this.#held = [];
    this.#clock?.stop();
    for (const watcher of this.#watchers ?? []) watcher();
    this.#crash ??= new AbortController();
    this.#crash.abort(reason);
  }

  // --- Pauses --------------------------------------------------------------------------------------------------

  /** Pauses the program; a pause within one that ends later changes nothing. */
  pause(milliseconds: number): void {
    const { time } = this.#options;
    this.#options.record('pause', Math.round(milliseconds));
    const until = time.now() + milliseconds;
    this.#isPaused = true;
    if (until <= this.#pausedUntil) return;
    this.#pausedUntil = until;
    time.schedule(() => {
      if (this.#pausedUntil === until) this.#resume();
    }, milliseconds);
  }

  /** Whether what the program would notice has to wait: while the machine is paused, and until what was kept has happened. */
  get isKeeping(): boolean {
    return this.#isPaused || this.#isDraining;
  }

  /** Keeps what the program would notice now. */
  keep(event: () => void): void {
    this.#held.push(event);
  }

  #resume(): void {
    if (this.#isOver) return;
    this.#isPaused = false;
    this.#options.record('resume', 0);
    this.#clock?.catchUp();
    if (this.#held.length === 0 || this.#isDraining) return;
    this.#isDraining = true;
    this.#options.time.schedule(this.#drain, 0);
  }

  /** One event after another, so that the program reacts to each before the next. */
  readonly #drain = (): void => {
    if (this.#isPaused) {
      this.#isDraining = false;
      return;
    }
    const event = this.#held.shift();
    if (this.#held.length > 0) this.#options.time.schedule(this.#drain, 0);
    else this.#isDraining = false;
    event?.();
  };
}
