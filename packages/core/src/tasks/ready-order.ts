/**
 * Which of the tasks that are ready begins first, where a clock has a say in it: in a simulation whose order is drawn.
 *
 * Everywhere else tasks begin in the order of their spawns, and this costs a task nothing.
 */

import { Attached } from '../vocabulary/attached.ts';
import type { Clock } from '../vocabulary/clock.ts';

/** A task that is ready. */
export interface ReadyTask {
  readonly id: number;
  readonly name: string;
}

/** Calls `begin` when it is the turn of the task. */
export type ReadyOrder = (task: ReadyTask, begin: () => void) => void;

const orders = new Attached<ReadyOrder>();

/** From now on, executors that are made with this clock begin their tasks in this order. */
export function orderTasks(clock: Clock, order: ReadyOrder): void {
  orders.set(clock, order);
}

/** The order of the tasks of a new executor; `undefined` for that of their spawns. */
export function readyOrderOf(clock: Clock): ReadyOrder | undefined {
  return orders.of(clock);
}
