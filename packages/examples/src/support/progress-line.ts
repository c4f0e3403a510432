/**
 * One line on a terminal that says how far bodies have come, drawn over again and again; nothing where there is no terminal, so
 * that a pipe or a file gets what the program prints and nothing else.
 */

/** How far a body has come. */
export interface Progress {
  readonly bytes: number;
  /** `undefined` when it is not known. */
  readonly total: number | undefined;
}

/** A terminal, or what stands in its place. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** A body below this size comes too fast to be watched: 1 MiB. */
const LONG = 1_048_576;
/** How often the line is drawn at most, in milliseconds. */
const INTERVAL = 100;
const WIDTH = 20;
/** Back to the beginning of the line, and nothing in it. */
const CLEAR = '\r\u001B[K';

export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  readonly #bodies = new Map<string, Progress>();
  #drawnAt = -Infinity;
  #isDrawn = false;

  /** @param terminal - Not the one that bodies are printed to, unless it is the same: stderr. */
  constructor(terminal: Terminal, now: () => number) {
    this.#terminal = terminal;
    this.#now = now;
  }

  /** A body has come so far. */
  update(name: string, progress: Progress): void {
    if (this.#terminal.isTTY !== true) return;
    if ((progress.total ?? progress.bytes) < LONG) return;
    this.#bodies.set(name, progress);
    if (this.#now() - this.#drawnAt >= INTERVAL) this.#draw();
  }

  /** A body has ended, or failed: the line makes room for what is printed of it. */
  end(name: string): void {
    this.#bodies.delete(name);
    if (!this.#isDrawn) return;
    this.#terminal.write(CLEAR);
    this.#isDrawn = false;
    this.#drawnAt = -Infinity;
  }

  #draw(): void {
    this.#drawnAt = this.#now();
    this.#isDrawn = true;
    const all = [...this.#bodies].map(([name, progress]) => `${name} ${shown(progress)}`);
    // A longer line would wrap, and could not be drawn over.
    const columns = (this.#terminal.columns || 80) - 1;
    this.#terminal.write(CLEAR + all.join('   ').slice(0, columns));
  }
}

function shown({ bytes, total }: Progress): string {
  const size = `${(bytes / LONG).toFixed(1)} MiB`;
  if (total === undefined) return size;
  const part = Math.min(bytes / total, 1);
  const bar = '#'.repeat(Math.floor(part * WIDTH)).padEnd(WIDTH, '.');
  return `[${bar}] ${Math.floor(part * 100)} % of ${(total / LONG).toFixed(1)} MiB`;
}
