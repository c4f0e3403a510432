/** Every executor of the process, for those who look at it. */

import { Roster } from '../waiting/roster.ts';
import type { ExecutorStatistics } from './executor-options.ts';
import type { TaskInfo } from './task-types.ts';

/** What an executor shows of itself. */
export interface ExecutorView {
  /** Counts the executors of the process from 1. */
  readonly id: number;
  readonly name: string;
  /** Tasks that may run at a time. */
  readonly concurrency: number;
  /** Tasks that may wait for a slot. */
  readonly maxPending: number;
  readonly executor: {
    statistics(): ExecutorStatistics;
    snapshot(): readonly TaskInfo[];
  };
}

/** The executors that exist, oldest first. */
export const executors: Roster<ExecutorView> = new Roster();
