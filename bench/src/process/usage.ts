/** What a process of ours has used: processor time and memory, as the kernel counts them. */

import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Usage {
  /** Processor time of all its threads, in milliseconds; `NaN` where the kernel does not tell. */
  readonly cpu: number;
  /** Resident memory in bytes; `NaN` where the kernel does not tell. */
  readonly memory: number;
}

/** Linux counts processor time in hundredths of a second. */
const TICK = 10;

export function usageOf(pid: number): Usage {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name is in brackets and may hold anything; user and system time are the 12th and 13th fields after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return {
      cpu: (Number(fields[11]) + Number(fields[12])) * TICK,
      memory: Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]) * 1_024,
    };
  } catch {
    return { cpu: NaN, memory: NaN };
  }
}

/** A process that used no processor time for so long, in milliseconds, has nothing under way. */
const STILL = 200;
/** How often at most that is looked at. */
const LOOKS = 50;

/**
 * Waits until a process rests. V8 compiles in other threads, in up to 37 MiB that it gives back (`micro/after-first-request.ts`): what is measured before
 * that is over is not the memory of what runs.
 */
export async function settled(pid: number): Promise<void> {
  let before = NaN;
  for (let look = 0; look < LOOKS; look += 1) {
    const { cpu } = usageOf(pid);
    if (cpu === before || Number.isNaN(cpu)) return;
    before = cpu;
    await sleep(STILL);
  }
}

/** Begins a new peak at the memory that a process has now, where the kernel can. */
export function forgetPeakOf(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // The peak since its start is the most that can be said.
  }
}

/** The most memory that a process has had, in bytes, or has had since {@link forgetPeakOf}; `NaN` where the kernel does not tell. */
export function peakMemoryOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1]) * 1_024;
  } catch {
    return NaN;
  }
}
