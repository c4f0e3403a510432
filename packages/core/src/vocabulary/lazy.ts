/**
 * Modules and engines that are loaded on first use.
 *
 * Loading takes real time, and in a simulation there is none: whether a disk or a virtual timer is first would be chance. So
 * a simulation loads everything that is registered here before it begins, and in it `value` is there without any wait, for
 * the first run of a process as for the hundredth.
 */

/** What is loaded on first use. */
export interface Lazy<T> {
  /** What was loaded; `undefined` before {@link Lazy.load} has succeeded. */
  readonly value: T | undefined;
  /** Loads it, unless that has been done. @throws what loading throws; the next call tries again */
  load(): Promise<T>;
}

const pending = new Set<LazyValue<unknown>>();
const loading = new Set<Promise<unknown>>();

class LazyValue<T> implements Lazy<T> {
  readonly #load: () => Promise<T>;
  #loading: Promise<T> | undefined;
  #value: T | undefined;

  constructor(load: () => Promise<T>) {
    this.#load = load;
    pending.add(this);
  }

  get value(): T | undefined {
    return this.#value;
  }

  load(): Promise<T> {
    if (this.#loading === undefined) {
      const begun = this.#begin();
      this.#loading = begun;
      loading.add(begun);
      const end = (): boolean => loading.delete(begun);
      begun.then(end, end);
    }
    return this.#loading;
  }

  async #begin(): Promise<T> {
    try {
      this.#value = await this.#load();
      pending.delete(this);
      return this.#value;
    } finally {
      this.#loading = undefined;
    }
  }
}

/**
 * Registers what is loaded on first use, and before a simulation.
 *
 * @param load - Loads it, with `import()` for instance.
 *
 * @example
 * ```ts
 * import { lazy } from '@awaitio/core/lowlevel';
 *
 * const zlib = lazy(() => import('node:zlib'));
 * const { crc32 } = zlib.value ?? (await zlib.load());
 * console.log(typeof crc32);
 * ```
 */
export function lazy<T>(load: () => Promise<T>): Lazy<T> {
  return new LazyValue(load);
}

/**
 * Loads everything that is registered and not loaded yet. What cannot be loaded is left to its first use.
 *
 * @returns `undefined` when there is nothing to wait for.
 */
export function loadEverything(): Promise<void> | undefined {
  if (pending.size === 0) return undefined;
  return loadAll();
}

/**
 * Waits for what is being loaded now. A clock that is moved by hand stands still meanwhile, so that the first use is like the others.
 *
 * @returns `undefined` when nothing is being loaded.
 */
export function loadsInProgress(): Promise<unknown> | undefined {
  return loading.size === 0 ? undefined : Promise.allSettled(loading);
}

async function loadAll(): Promise<void> {
  await Promise.allSettled([...pending].map((each) => each.load()));
}
