/** Attributes of metrics: each new value is a new time series, so their number has a bound. */

/** What stands for every value above the bound (semantic conventions: `_OTHER`). */
export const OTHER = '_OTHER';

export class BoundedValues {
  readonly #limit: number;
  readonly #values = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The value; {@link OTHER} for a new one above the bound. */
  of(value: string): string {
    if (this.#values.has(value)) return value;
    if (this.#values.size >= this.#limit) return OTHER;
    this.#values.add(value);
    return value;
  }
}
