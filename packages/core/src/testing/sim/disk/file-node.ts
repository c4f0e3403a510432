/**
 * A file of a simulated disk: what programs see, and what would be left of it after a crash.
 *
 * A write changes what is seen at once. It reaches the disk with the next sync, or by itself at any time before. So at a crash
 * each write since the last sync is there, lost, or there in part, whatever became of those before it. A part ends at a sector where
 * old bytes are replaced, since disks write sectors whole, and anywhere where the file grows.
 */

/** What is decided when a machine crashes. */
export interface CrashDraws {
  /** Whether a write is lost. */
  isLost(): boolean;
  /** How many of the bytes of a write are there: from 1 to all. */
  kept(length: number): number;
}

/** Bytes that a disk writes whole or not at all. */
const SECTOR = 512;

/** A change since the last sync: bytes at a position, or a new size. */
interface Change {
  /** Counts the changes of this file. */
  readonly number: number;
  readonly at: number;
  /** `undefined`: the file was cut, or made longer, to `at` bytes. */
  readonly bytes: Uint8Array | undefined;
}

/** Bytes that grow in steps. */
class Contents {
  #memory = new Uint8Array(0);
  size = 0;

  place(at: number, bytes: Uint8Array): void {
    const end = at + bytes.length;
    if (end > this.#memory.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#memory.length));
      larger.set(this.#memory.subarray(0, this.size));
      this.#memory = larger;
    }
    // What a cut has left behind.
    if (at > this.size) this.#memory.fill(0, this.size, at);
    this.#memory.set(bytes, at);
    this.size = Math.max(this.size, end);
  }

  resize(size: number): void {
    if (size > this.size) this.place(size, new Uint8Array(0));
    this.size = size;
  }

  copy(from = 0, to = this.size): Uint8Array {
    return this.#memory.slice(Math.min(from, this.size), Math.min(to, this.size));
  }

  apply({ at, bytes }: Change): void {
    if (bytes === undefined) this.resize(at);
    else if (bytes.length > 0) this.place(at, bytes);
  }
}

export class FileNode {
  readonly isDirectory = false;
  readonly isSocket = false;
  /** What programs see. */
  #seen = new Contents();
  /** What the disk has for certain. */
  readonly #synced = new Contents();
  #changes: Change[] = [];
  #last = 0;

  get size(): number {
    return this.#seen.size;
  }

  /** The number of the last change, for {@link FileNode.sync}. */
  get last(): number {
    return this.#last;
  }

  /** A copy of what programs see. */
  read(from?: number, to?: number): Uint8Array {
    return this.#seen.copy(from, to);
  }

  write(at: number, bytes: Uint8Array): void {
    this.#change(at, Uint8Array.from(bytes));
  }

  resize(size: number): void {
    this.#change(size, undefined);
  }

  /** Makes the changes up to a number durable; later ones stay as they are. */
  sync(last: number): void {
    for (const change of this.#changes) if (change.number <= last) this.#synced.apply(change);
    this.failSync(last);
  }

  /**
   * A sync failed: the changes will not be written, and programs see them all the same, as with Linux, which marks the pages clean.
   * The next sync succeeds without them.
   */
  failSync(last: number): void {
    this.#changes = this.#changes.filter(({ number }) => number > last);
  }

  /** The machine crashes: what programs see from now on is what reached the disk. */
  crash(draws: CrashDraws): void {
    const left = this.#synced;
    for (const change of this.#changes) {
      const { at, bytes } = change;
      if (draws.isLost()) continue;
      if (bytes === undefined) {
        left.resize(at);
        continue;
      }
      const kept = wholeSectors(at, draws.kept(bytes.length), bytes.length, left.size);
      left.apply({ ...change, bytes: bytes.subarray(0, kept) });
    }
    this.#changes = [];
    this.#seen = new Contents();
    this.#seen.place(0, left.copy());
  }

  #change(at: number, bytes: Uint8Array | undefined): void {
    this.#last += 1;
    const change = { number: this.#last, at, bytes };
    this.#changes.push(change);
    this.#seen.apply(change);
  }
}

/** How many bytes of a write are there when `kept` were written: where it replaces old bytes, up to the end of a sector. */
function wholeSectors(at: number, kept: number, length: number, size: number): number {
  const end = at + kept;
  if (kept >= length || end >= size) return kept;
  return Math.max(0, end - (end % SECTOR) - at);
}
