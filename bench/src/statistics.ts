/** Medians, spread and percentiles. */

/** The middle value; the mean of the two in the middle of an even count; `NaN` of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** How far the values lie apart, as a share of their median: (largest - smallest) / median. */
export function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / median(values);
}

/** Values grouped so that each group is at most 1/64 wide: percentiles to 1.6 % in 12 KB, however many values. */
export class Histogram {
  readonly #counts = new Uint32Array(STEPS * 48);
  #total = 0;

  /** @param value - A whole number from 0; of nanoseconds, up to three days. */
  add(value: number): void {
    this.#counts[slotOf(value)] = (this.#counts[slotOf(value)] as number) + 1;
    this.#total += 1;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  /** The value that `share` of all values do not exceed; `NaN` of nothing. */
  percentile(share: number): number {
    let left = Math.max(1, Math.ceil(this.#total * share));
    for (let slot = 0; slot < this.#counts.length; slot += 1) {
      left -= this.#counts[slot] as number;
      if (left <= 0) return valueOf(slot);
    }
    return NaN;
  }
}

const STEPS = 64;

/** Below 64 one slot a value, above 64 slots for each doubling. */
function slotOf(value: number): number {
  if (value < STEPS) return value;
  const exponent = Math.floor(Math.log2(value));
  const step = Math.floor((value / 2 ** exponent - 1) * STEPS);
  return (exponent - 5) * STEPS + step;
}

function valueOf(slot: number): number {
  if (slot < STEPS) return slot;
  const exponent = Math.floor(slot / STEPS) + 5;
  return 2 ** exponent * (1 + (slot % STEPS) / STEPS);
}
