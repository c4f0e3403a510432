/** The executors of a simulation: one for each life of a host, and the run's own, which passes tasks on to them. */

import { Executor } from '../../../tasks/executor.ts';
import type { ExecutorOptions } from '../../../tasks/executor-options.ts';
import type {
  GroupOptions,
  Task,
  TaskFunction,
  TaskGroup,
  TaskOptions,
} from '../../../tasks/task-types.ts';
import type { Clock } from '../../../vocabulary/clock.ts';
import { deferred } from '../../../waiting/deferred.ts';
import { hostCrashed } from './crashed.ts';
import { currentLife, isGone, isIn, never } from './context.ts';

/** The life, as its executor sees it. */
interface Owner {
  readonly host: string;
  readonly isOver: boolean;
  /** Calls back at the crash, or at once after it. @returns What forgets the callback. */
  atCrash(callback: () => void): () => void;
  readonly clock: Clock;
  enter<T>(body: () => T): T;
}

/**
 * Runs tasks on a host: wherever they are spawned from, they run in its life, and end with it. Code outside that waits for one sees
 * the crash.
 */
export class LifeExecutor extends Executor {
  readonly #life: Owner;

  constructor(life: Owner, name: string, onTaskError: ExecutorOptions['onTaskError']) {
    super({ clock: life.clock, name, onTaskError });
    this.#life = life;
  }

  override spawn<T>(run: TaskFunction<T>, options?: TaskOptions): Task<T> {
    const life = this.#life;
    if (life.isOver && !isGone()) throw hostCrashed('spawn', life.host);
    if (typeof run !== 'function') return super.spawn(run, options);
    const named = options?.name === undefined ? { ...options, name: run.name || 'task' } : options;
    const enter: TaskFunction<T> = (context) =>
      life.isOver ? never<T>() : life.enter(() => run(context));
    if (isIn(life)) return super.spawn(enter, named);
    return super.spawn((context) => untilCrash('spawn', life, () => enter(context)), named);
  }

  /** A group is in the life as a task is: its body, and all that it spawns. */
  override group<T>(
    body: (group: TaskGroup) => T | Promise<T>,
    options?: GroupOptions,
  ): Promise<T> {
    const life = this.#life;
    if (isGone()) return never<T>();
    if (life.isOver) return Promise.reject(hostCrashed('group', life.host));
    const enter = (): Promise<T> => life.enter(() => super.group(body, options));
    return isIn(life) ? enter() : untilCrash('group', life, enter);
  }
}

/** The result of a call on a host for code outside of it, which goes on after the crash. */
function untilCrash<T>(operation: string, life: Owner, call: () => T | Promise<T>): Promise<T> {
  const { promise, resolve, reject } = deferred<T>();
  const onCrash = (): void => {
    // The crash fails what waits for it, and nothing else: as with a task that is not awaited.
    promise.catch(() => {});
    reject(hostCrashed(operation, life.host));
  };
  const forget = life.atCrash(onCrash);
  const run = async (): Promise<void> => {
    try {
      resolve(await call());
    } catch (error) {
      reject(error);
    } finally {
      forget();
    }
  };
  void run();
  return promise;
}

/** The executor of a run: what a host's program spawns here runs on the host's own. */
export class RunExecutor extends Executor {
  override spawn<T>(run: TaskFunction<T>, options?: TaskOptions): Task<T> {
    return currentLife()?.executor.spawn(run, options) ?? super.spawn(run, options);
  }

  override group<T>(
    body: (group: TaskGroup) => T | Promise<T>,
    options?: GroupOptions,
  ): Promise<T> {
    return currentLife()?.executor.group(body, options) ?? super.group(body, options);
  }
}
