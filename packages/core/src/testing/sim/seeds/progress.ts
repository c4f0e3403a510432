/** One line on a terminal that says how far many runs are. */

import { machineTime } from '../../../vocabulary/platform.ts';

/** How often the line changes, in milliseconds. */
const INTERVAL = 200;

/** Where the line is written. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

export class Progress {
  readonly #terminal: Terminal | undefined;
  readonly #total: number;
  readonly #now: () => number;
  #shownAt: number;
  #isShown = false;

  constructor(terminal: Terminal | undefined, total: number, now: () => number = machineTime) {
    this.#now = now;
    this.#terminal = terminal?.isTTY === true ? terminal : undefined;
    this.#total = total;
    this.#shownAt = now();
  }

  show(runs: number, failed: number): void {
    if (this.#terminal === undefined || this.#now() - this.#shownAt < INTERVAL) return;
    this.#shownAt = this.#now();
    this.#isShown = true;
    const failures = failed === 0 ? '' : `, ${failed} failed`;
    this.#terminal.write(`\r\u001B[K${runs} of ${this.#total} seeds${failures}`);
  }

  clear(): void {
    if (this.#isShown) this.#terminal?.write('\r\u001B[K');
  }
}
