/** Answers each line on stdin with the memory in use after a full garbage collection: one line of JSON. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface MemoryUse {
  /** What the process's objects take: V8's heap, and buffers outside it. */
  readonly objects: number;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

process.stdin.on('data', () => {
  collect();
  // Finalizers of the first collection free what the second one finds.
  setImmediate(() => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    const use: MemoryUse = { objects: heapUsed + external };
    console.log(JSON.stringify(use));
  });
});
