/**
 * Runs of many seeds in worker threads. A program cannot be sent to another thread, so it is what a module exports as `main`.
 *
 * This file is also what a worker loads. It then waits for lists of seeds, runs them one after another, and answers with sums; a
 * seed that failed runs again in the thread that asked, which has its error.
 */

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { causeOf } from '../cause.ts';
import type { SimulatedMain, SimulationOptions } from '../options.ts';
import { SimulationError } from '../report.ts';
import { simulateChecked } from './determinism.ts';
import { PropertyTable, type PropertyTotal } from './property-table.ts';

/** What came of a list of seeds. */
export interface SeedsResult {
  readonly runs: number;
  readonly virtualTime: number;
  readonly events: number;
  readonly properties: readonly PropertyTotal[];
  readonly failed: readonly { readonly seed: number; readonly cause: string }[];
}

/** How the seeds run. */
interface WorkerOptions extends SimulationOptions {
  readonly checkDeterminism: number;
}

interface WorkerTask {
  /** Says that this worker is one of these. */
  readonly awaitio: 'simulation';
  readonly module: string;
  readonly options: WorkerOptions;
}

/** The number of seeds that a worker gets at once. */
const PORTION = 20;

/** @throws a `TypeError` for a module that exports no function `main`, and what loading it throws */
export async function loadMain(module: URL | string): Promise<SimulatedMain> {
  const { main } = (await import(String(module))) as { readonly main?: unknown };
  if (typeof main === 'function') return main as SimulatedMain;
  throw new TypeError(`${String(module)}: expected it to export the program as \`main\``);
}

/** Where the seeds come from, and the results go to. */
export interface SeedsQueue {
  /** The next seeds, at most so many; none when there are no more. */
  next(count: number): readonly number[];
  done(result: SeedsResult): void;
}

/** Runs seeds in `count` workers, until none are left. @throws what a worker throws, such as an error of its module */
export async function runInWorkers(
  count: number,
  module: URL | string,
  options: WorkerOptions,
  queue: SeedsQueue,
): Promise<void> {
  const data: WorkerTask = { awaitio: 'simulation', module: String(module), options };
  const workers: Worker[] = [];
  try {
    await Promise.all(
      Array.from({ length: count }, () => {
        const worker = new Worker(new URL(import.meta.url), { workerData: data });
        workers.push(worker);
        return feed(worker, queue);
      }),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function feed(worker: Worker, queue: SeedsQueue): Promise<void> {
  return new Promise((resolve, reject) => {
    const ask = (): void => {
      const seeds = queue.next(PORTION);
      if (seeds.length === 0) resolve();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker of Node has none
      else worker.postMessage(seeds);
    };
    worker.on('message', (result: SeedsResult) => {
      queue.done(result);
      ask();
    });
    worker.on('error', reject);
    worker.on('exit', (code) => {
      reject(new Error(`a worker of a simulation ended with code ${code}`));
    });
    ask();
  });
}

async function runSeeds(
  seeds: readonly number[],
  { checkDeterminism, ...options }: WorkerOptions,
  main: SimulatedMain,
): Promise<SeedsResult> {
  const table = new PropertyTable();
  const failed: { seed: number; cause: string }[] = [];
  let virtualTime = 0;
  let events = 0;
  for (const seed of seeds) {
    try {
      const run = await simulateChecked(checkDeterminism, { ...options, seed }, main);
      virtualTime += run.virtualTime;
      events += run.events;
      table.add(run.properties);
    } catch (error) {
      if (!(error instanceof SimulationError)) throw error;
      virtualTime += error.virtualTime;
      events += error.events;
      table.add(error.properties);
      failed.push({ seed, cause: causeOf(error.kind, error.what) });
    }
  }
  return { runs: seeds.length, virtualTime, events, properties: table.totals, failed };
}

function isTask(data: unknown): data is WorkerTask {
  return (data as WorkerTask | null | undefined)?.awaitio === 'simulation';
}

if (!isMainThread && isTask(workerData)) {
  const { module, options } = workerData;
  const port = parentPort;
  const loading = loadMain(module);
  port?.on('message', (seeds: readonly number[]) => {
    void loading.then(async (main) => {
      port.postMessage(await runSeeds(seeds, options, main));
    });
  });
}
