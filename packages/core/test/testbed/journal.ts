/** An append-only file of lines on a host's disk. */

import type { SimHost } from '../../src/testing/index.ts';

/** The file, and what it held when it was opened. */
export interface Journal {
  readonly lines: readonly string[];
  append(line: string): Promise<void>;
  sync(): Promise<void>;
}

const disks = new WeakMap<SimHost, string[]>();

export function openJournal(host: SimHost): Promise<Journal> {
  const lines = disks.get(host) ?? [];
  disks.set(host, lines);
  return Promise.resolve({
    lines: [...lines],
    append: (line) => {
      lines.push(line);
      return Promise.resolve();
    },
    sync: () => Promise.resolve(),
  });
}
