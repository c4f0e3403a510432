/**
 * What a task costs: spawned and awaited, a thousand at a time. Arguments: WAY SECONDS.
 *
 * Prints the nanoseconds that one takes.
 */

import { Executor } from '@awaitio/core';
import { createRequire } from 'node:module';
import { measure } from './measure.ts';

interface Queue {
  add(run: () => Promise<number>): Promise<number>;
}

const BATCH = 1_000;
const task = async (): Promise<number> => 1;
// p-queue is the executor's dependency, not the bench's: it is found from there.
const fromCore = createRequire(import.meta.resolve('@awaitio/core'));

const ways: Readonly<Record<string, () => Promise<() => PromiseLike<number>>>> = {
  async executor() {
    const executor = new Executor();
    return () => executor.spawn(task);
  },
  async queue() {
    const { default: PQueue } = (await import(fromCore.resolve('p-queue'))) as {
      default: new () => Queue;
    };
    const queue = new PQueue();
    return () => queue.add(task);
  },
  async call() {
    return task;
  },
};

const way = await ways[process.argv[2] ?? 'executor']?.();
if (way === undefined) throw new Error(`no such way: ${process.argv[2]}`);

await measure(Number(process.argv[3]), BATCH, async () => {
  const results = await Promise.all(Array.from({ length: BATCH }, way));
  if (results.length !== BATCH || results.some((result) => result !== 1)) {
    throw new Error('a task gave something else');
  }
});
