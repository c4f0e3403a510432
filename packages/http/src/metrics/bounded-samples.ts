/** Samples with a bound on their number: each combination of labels is a time series that Prometheus keeps. */

import type { Sample } from './exposition.ts';

/** In place of the values of labels above the bound. */
const OTHER = 'other';

/** Adds up values by their labels. */
export class BoundedSamples {
  readonly #limit: number;
  readonly #samples = new Map<
    string,
    { readonly labels: Readonly<Record<string, string>>; value: number }
  >();
  /** How a value joins one of the same labels. */
  readonly #join: (before: number, value: number) => number;

  /** @param limit - The most combinations of labels; further ones are `other`, together. */
  constructor(limit: number, join = (before: number, value: number): number => before + value) {
    this.#limit = limit;
    this.#join = join;
  }

  add(labels: Readonly<Record<string, string>>, value: number): void {
    const key = JSON.stringify(labels);
    const known = this.#samples.get(key);
    if (known !== undefined) known.value = this.#join(known.value, value);
    else if (this.#samples.size < this.#limit) this.#samples.set(key, { labels, value });
    else this.#addOther(labels, value);
  }

  #addOther(labels: Readonly<Record<string, string>>, value: number): void {
    const others = Object.fromEntries(Object.keys(labels).map((name) => [name, OTHER]));
    const key = JSON.stringify(others);
    const known = this.#samples.get(key);
    if (known === undefined) this.#samples.set(key, { labels: others, value });
    else known.value = this.#join(known.value, value);
  }

  get list(): readonly Sample[] {
    return [...this.#samples.values()];
  }
}
