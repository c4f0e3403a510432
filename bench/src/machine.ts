/** What the figures were measured on; no names of hosts, users or folders. */

import { cpus, totalmem } from 'node:os';
import { canPin } from './process/pin.ts';
import { bun, deno } from './process/runtimes.ts';

export interface Machine {
  readonly platform: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly v8: string;
  readonly isPinned: boolean;
  /** The other runtimes that take part. */
  readonly runtimes: readonly string[];
}

export function describeMachine(): Machine {
  return {
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    v8: process.versions.v8,
    isPinned: canPin,
    runtimes: [bun && `Bun ${bun.version}`, deno && `Deno ${deno.version}`].filter(
      (name) => name !== undefined,
    ),
  };
}
