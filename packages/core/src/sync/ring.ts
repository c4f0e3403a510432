/**
 * A queue in a circular array: adding and taking take constant time, and no memory per value.
 *
 * It grows by doubling, so that a channel with a large capacity costs what it holds. What limits it is its owner.
 */

const FIRST_SIZE = 16;

export class Ring<T> {
  /** A power of two long, so that a mask wraps the index. */
  #items: (T | undefined)[] = [];
  #head = 0;
  #size = 0;

  /** How many values there are. */
  get size(): number {
    return this.#size;
  }

  push(value: T): void {
    if (this.#size === this.#items.length) this.#grow();
    this.#items[(this.#head + this.#size) & (this.#items.length - 1)] = value;
    this.#size += 1;
  }

  /** Takes the oldest value; the caller has checked that there is one. */
  shift(): T {
    const value = this.#items[this.#head] as T;
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#items.length - 1);
    this.#size -= 1;
    return value;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
    this.#size = 0;
  }

  #grow(): void {
    const old = this.#items;
    const items: (T | undefined)[] = Array.from({ length: Math.max(FIRST_SIZE, 2 * old.length) });
    for (let at = 0; at < this.#size; at += 1) {
      items[at] = old[(this.#head + at) & (old.length - 1)];
    }
    this.#items = items;
    this.#head = 0;
  }
}
