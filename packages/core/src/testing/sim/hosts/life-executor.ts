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
import { BrokenError } from '../../../vocabulary/errors.ts';
import { currentLife, isGone, never } from './context.ts';

/** The life, as its executor sees it. */
interface Owner {
  readonly host: string;
  readonly isOver: boolean;
  readonly clock: Clock;
  enter<T>(body: () => T): T;
}

/** Runs tasks on a host: wherever they are spawned from, they run in its life, and end with it. */
export class LifeExecutor extends Executor {
  readonly #life: Owner;

  constructor(life: Owner, name: string, onTaskError: ExecutorOptions['onTaskError']) {
    super({ clock: life.clock, name, onTaskError });
    this.#life = life;
  }

  override spawn<T>(run: TaskFunction<T>, options?: TaskOptions): Task<T> {
    const life = this.#life;
    if (life.isOver && !isGone()) throw crashed('spawn', life);
    if (typeof run !== 'function') return super.spawn(run, options);
    const named = options?.name === undefined ? { ...options, name: run.name || 'task' } : options;
    return super.spawn(
      (context) => (life.isOver ? never<T>() : life.enter(() => run(context))),
      named,
    );
  }

  /** A group is in the life as a task is: its body, and all that it spawns. */
  override async group<T>(
    body: (group: TaskGroup) => T | Promise<T>,
    options?: GroupOptions,
  ): Promise<T> {
    const life = this.#life;
    if (isGone()) return never<T>();
    if (life.isOver) throw crashed('group', life);
    return life.enter(() => super.group(body, options));
  }
}

function crashed(operation: string, { host }: Owner): BrokenError {
  return new BrokenError(`${operation}: the host ${host} crashed`, {
    code: 'ERR_HOST_CRASHED',
    operation,
  });
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
