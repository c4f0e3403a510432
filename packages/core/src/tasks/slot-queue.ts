/**
 * The slots of an executor, and the tasks that have not begun.
 *
 * Where slots are limited, one p-queue decides which task is next, by priority and then by age; this is the only file that
 * imports it. Without a limit there is no queue: its records of a running task would be a quarter of the memory of an idle
 * connection (`pnpm bench --only idle`).
 *
 * p-queue cannot remove a single entry, so a task that was aborted while it waited leaves an entry that does nothing on its
 * turn. When such entries are the greater part, the queue is filled anew from the tasks that still wait.
 */

import { AsyncResource } from 'node:async_hooks';
import { microtask } from '../vocabulary/platform.ts';
import { separateContexts } from '../waiting/async-scope.ts';
import PQueue from 'p-queue';
import type { ReadyOrder, ReadyTask } from './ready-order.ts';

/** So many entries of aborted tasks may stay in the queue, however few others there are. */
const MAX_CANCELLED = 64;

/** What the queue needs of a task. */
export interface SlotTask extends ReadyTask {
  readonly priority: number;
  /** Resolves when the task has ended. */
  readonly ended: Promise<void>;
  /** Whether it is in the queue, and has not begun. Only its queue sets it. */
  isWaiting: boolean;
  /** Begins. @returns resolves when the task has ended, and never rejects; `undefined`: then `ended` resolves */
  start(): Promise<void> | undefined;
}

/** Begins each task in a later microtask, as soon as a slot is free. */
export class SlotQueue {
  readonly #queue: PQueue | undefined;
  #size = 0;
  /** Where they wait for slots, the tasks that have not begun, each with the async context of its spawn. */
  readonly #contexts = new Map<SlotTask, AsyncResource>();
  /** Entries of the queue whose task was aborted while it waited. */
  #cancelled = 0;
  #isCompacting = false;
  readonly #order: ReadyOrder | undefined;

  constructor(concurrency: number, order: ReadyOrder | undefined) {
    this.#order = order;
    if (concurrency !== Infinity) this.#queue = new PQueue({ concurrency });
  }

  /** The number of tasks that have not begun. */
  get size(): number {
    return this.#size;
  }

  add(task: SlotTask): void {
    separateContexts();
    task.isWaiting = true;
    this.#size += 1;
    if (this.#queue === undefined) this.#startSoon(task);
    else this.#enqueue(task, this.#queue);
  }

  /** The task has ended: it does not begin any more. */
  remove(task: SlotTask): void {
    if (!this.#take(task) || this.#queue === undefined) return;
    this.#contexts.delete(task);
    this.#compact(this.#queue);
  }

  /** Takes a task out; whether it was waiting. */
  #take(task: SlotTask): boolean {
    if (!task.isWaiting) return false;
    task.isWaiting = false;
    this.#size -= 1;
    return true;
  }

  #startSoon(task: SlotTask): void {
    // Not `queueMicrotask`, which makes an async resource of each; the context is that of the spawn either way.
    void (this.#order === undefined ? settled : turnOf(task, this.#order)).then(() => {
      if (this.#take(task)) void task.start();
    });
  }

  #enqueue(task: SlotTask, queue: PQueue): void {
    if (!this.#contexts.has(task)) this.#contexts.set(task, new AsyncResource('Task'));
    const { priority } = task;
    void queue.add(() => this.#start(task), priority === 0 ? undefined : { priority });
  }

  /**
   * Runs the task, which holds its slot until the returned promise settles.
   *
   * Runs in the async context of its `spawn`, like a task that need not wait. Else it would see the `AsyncLocalStorage` of
   * the task that freed the slot: another request's, for example. Not `AsyncResource.bind`, whose functions cost several times
   * as much.
   */
  async #start(task: SlotTask): Promise<void> {
    const context = this.#contexts.get(task);
    this.#contexts.delete(task);
    if (context === undefined) {
      this.#cancelled -= 1;
      return;
    }
    this.#take(task);
    await context.runInAsyncScope(begin, undefined, task, this.#order);
  }

  /** Counts one more entry of an aborted task. In a later microtask, because tasks are often aborted many at a time. */
  #compact(queue: PQueue): void {
    this.#cancelled += 1;
    if (this.#isCompacting || !this.#isMostlyCancelled) return;
    this.#isCompacting = true;
    microtask(() => {
      this.#isCompacting = false;
      if (!this.#isMostlyCancelled) return;
      this.#cancelled = 0;
      queue.clear();
      for (const task of this.#contexts.keys()) this.#enqueue(task, queue);
    });
  }

  get #isMostlyCancelled(): boolean {
    return this.#cancelled > MAX_CANCELLED && this.#cancelled > this.#size;
  }
}

const settled = Promise.resolve();

/** Resolves when it is the turn of a task that is ready. */
function turnOf(task: SlotTask, order: ReadyOrder): Promise<void> {
  return new Promise((resolve) => {
    order(task, resolve);
  });
}

async function begin(task: SlotTask, order: ReadyOrder | undefined): Promise<void> {
  // p-queue gets here inside `add` when a slot is free; the caller of `spawn` gets the task before its function begins.
  await (order === undefined ? settled : turnOf(task, order));
  await (task.start() ?? task.ended);
}
