/**
 * Bytes that have arrived and have not been taken.
 *
 * The queue owns every byte in it: `push` copies, because a carrier only lends its read buffer. Large views are copied
 * right-sized; small ones share a block, so that a peer that sends one byte at a time costs bytes and not objects.
 * Memory that was handed out is never written again, so a taken chunk is the caller's to keep.
 */

/** Views shorter than this are collected in a shared block. */
const SMALL = 1024;
/** The size of such a block. */
const BLOCK = 4096;

/** A first-in first-out queue of bytes. */
export class ByteQueue {
  readonly #chunks: Uint8Array[] = [];
  #first = 0;
  #length = 0;
  /** The block that collects small views, and how much of it is used; its used part ends the last chunk. */
  #block: Uint8Array | undefined;
  #used = 0;

  /** How many bytes are queued. */
  get length(): number {
    return this.#length;
  }

  /** Adds a copy of `view` at the end. */
  push(view: Uint8Array): void {
    if (view.length === 0) return;
    this.#length += view.length;
    if (view.length >= SMALL) {
      this.#block = undefined;
      this.#chunks.push(copyOf(view));
      return;
    }
    if (this.#block === undefined || this.#block.length - this.#used < view.length) {
      // The first small view of a burst gets a chunk of its size: most queues hold one piece and drain at once.
      if (this.#first === this.#chunks.length) {
        this.#block = undefined;
        this.#chunks.push(copyOf(view));
        return;
      }
      this.#block = new Uint8Array(BLOCK);
      this.#used = 0;
      this.#chunks.push(this.#block.subarray(0, 0));
    }
    const start = this.#used;
    this.#block.set(view, start);
    this.#used += view.length;
    const last = this.#chunks.length - 1;
    const tail = this.#chunks[last] as Uint8Array;
    const from = tail.length === 0 ? start : tail.byteOffset - this.#block.byteOffset;
    this.#chunks[last] = this.#block.subarray(from, this.#used);
  }

  /** The first contiguous piece, without taking it; empty when the queue is empty. Valid until the next change. */
  front(): Uint8Array {
    return this.#chunks[this.#first] ?? EMPTY;
  }

  /** Takes the first contiguous piece, or `undefined` when the queue is empty. */
  shift(): Uint8Array | undefined {
    const chunk = this.#chunks[this.#first];
    if (chunk === undefined) return undefined;
    this.#drop(chunk.length);
    return chunk;
  }

  /** Drops `count` bytes from the front; `count` is at most `length`. */
  consume(count: number): void {
    let left = count;
    while (left > 0) {
      const chunk = this.#chunks[this.#first] as Uint8Array;
      if (left < chunk.length) {
        this.#chunks[this.#first] = chunk.subarray(left);
        this.#length -= left;
        return;
      }
      left -= chunk.length;
      this.#drop(chunk.length);
    }
  }

  /** Takes as many bytes as fit into `target`. */
  readInto(target: Uint8Array): number {
    let done = 0;
    while (done < target.length && this.#length > 0) {
      const chunk = this.#chunks[this.#first] as Uint8Array;
      const room = target.length - done;
      const piece = chunk.length <= room ? chunk : chunk.subarray(0, room);
      target.set(piece, done);
      done += piece.length;
      this.consume(piece.length);
    }
    return done;
  }

  /** Copies `count` bytes from offset `from` on, or fewer when there are fewer, without taking them. */
  peek(count: number, from = 0): Uint8Array {
    const copy = new Uint8Array(Math.max(0, Math.min(count, this.#length - from)));
    let done = 0;
    let skip = from;
    for (let index = this.#first; done < copy.length; index += 1) {
      const chunk = this.#chunks[index] as Uint8Array;
      if (skip < chunk.length) {
        const end = Math.min(chunk.length, skip + copy.length - done);
        copy.set(skip === 0 && end === chunk.length ? chunk : chunk.subarray(skip, end), done);
        done += end - skip;
      }
      skip = Math.max(0, skip - chunk.length);
    }
    return copy;
  }

  /**
   * Finds the first offset where `delimiter` begins, or -1.
   *
   * @param from - Where to begin; a caller that searched before passes how far it got.
   */
  indexOf(delimiter: Uint8Array, from: number): number {
    const first = delimiter[0] as number;
    let base = 0;
    for (let index = this.#first; index < this.#chunks.length; index += 1) {
      const chunk = this.#chunks[index] as Uint8Array;
      let at = chunk.indexOf(first, Math.max(0, from - base));
      while (at !== -1) {
        if (base + at + delimiter.length > this.#length) return -1;
        if (this.#matches(delimiter, index, at)) return base + at;
        at = chunk.indexOf(first, at + 1);
      }
      base += chunk.length;
    }
    return -1;
  }

  /** Drops everything. */
  clear(): void {
    this.#chunks.length = 0;
    this.#first = 0;
    this.#length = 0;
    this.#block = undefined;
  }

  #matches(delimiter: Uint8Array, startIndex: number, startAt: number): boolean {
    let index = startIndex;
    let at = startAt;
    for (const byte of delimiter) {
      while (at === (this.#chunks[index] as Uint8Array).length) {
        index += 1;
        at = 0;
      }
      if ((this.#chunks[index] as Uint8Array)[at] !== byte) return false;
      at += 1;
    }
    return true;
  }

  /** Removes the first chunk, of `size` bytes. */
  #drop(size: number): void {
    this.#chunks[this.#first] = EMPTY;
    this.#first += 1;
    this.#length -= size;
    if (this.#first === this.#chunks.length) {
      this.#chunks.length = 0;
      this.#first = 0;
      this.#block = undefined;
    } else if (this.#first > 64 && this.#first * 2 > this.#chunks.length) {
      this.#chunks.splice(0, this.#first);
      this.#first = 0;
    }
  }
}

const EMPTY = new Uint8Array(0);

/** A copy in separate memory, so that keeping it keeps nothing else alive. */
function copyOf(view: Uint8Array): Uint8Array {
  const copy = new Uint8Array(view.length);
  copy.set(view);
  return copy;
}
