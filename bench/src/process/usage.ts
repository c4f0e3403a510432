/** What a process of ours has used: processor time and memory, as the kernel counts them. */

import { readFileSync } from 'node:fs';

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

/** The most memory that a process has had, in bytes; `NaN` where the kernel does not tell. */
export function peakMemoryOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1]) * 1_024;
  } catch {
    return NaN;
  }
}
