/** A meter provider that keeps sums and histograms in memory: those two kinds, as nothing else is made. */
import {
  createNoopMeter,
  type Attributes,
  type Histogram,
  type Meter,
  type MeterProvider,
  type MetricOptions,
  type UpDownCounter,
} from '@opentelemetry/api';
import { isAttributeValue } from './values.ts';

/** What a histogram has counted. */
export interface HistogramValue {
  readonly count: number;
  readonly sum: number;
  /** `counts[n]` is of values up to `boundaries[n]`, and above the boundary before; one more is of those above all. */
  readonly buckets: { readonly boundaries: readonly number[]; readonly counts: readonly number[] };
}

/** A value of a metric. */
export interface Point {
  readonly attributes: Attributes;
  readonly value: number | HistogramValue;
}

export interface Metric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly points: readonly Point[];
}

/** Those of the specification, "Explicit Bucket Histogram Aggregation". */
const DEFAULT_BOUNDARIES = [
  0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000,
];

interface Series {
  readonly attributes: Attributes;
  readonly values: number[];
}

/** An instrument, and its values by their attributes. */
class Instrument {
  readonly #name: string;
  readonly #options: MetricOptions;
  readonly #isHistogram: boolean;
  readonly #series = new Map<string, Series>();

  constructor(name: string, options: MetricOptions, isHistogram: boolean) {
    this.#name = name;
    this.#options = options;
    this.#isHistogram = isHistogram;
  }

  take(value: number, attributes: Attributes, misuses: string[]): void {
    const wrong = Object.entries(attributes).filter(([, each]) => !isAttributeValue(each));
    for (const [key, each] of wrong) {
      misuses.push(`${this.#name}: the attribute ${key} is ${String(each)}`);
    }
    if (!Number.isFinite(value) || (this.#isHistogram && value < 0)) {
      misuses.push(`${this.#name}: the value ${value}`);
      return;
    }
    const key = JSON.stringify(Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    const series = this.#series.get(key) ?? { attributes: { ...attributes }, values: [] };
    this.#series.set(key, series);
    series.values.push(value);
  }

  get metric(): Metric {
    const { description = '', unit = '' } = this.#options;
    const points = [...this.#series.values()].map(({ attributes, values }) => ({
      attributes,
      value: this.#isHistogram ? this.#histogramOf(values) : sumOf(values),
    }));
    return { name: this.#name, description, unit, points };
  }

  #histogramOf(values: readonly number[]): HistogramValue {
    const boundaries = this.#options.advice?.explicitBucketBoundaries ?? DEFAULT_BOUNDARIES;
    const counts = Array.from({ length: boundaries.length + 1 }, () => 0);
    for (const value of values) {
      const at = boundaries.findIndex((boundary) => value <= boundary);
      const bucket = at === -1 ? boundaries.length : at;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    return { count: values.length, sum: sumOf(values), buckets: { boundaries, counts } };
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

export class RecordingMeterProvider implements MeterProvider {
  /** Calls that the specification does not allow: an SDK ignores them, so that a test would not see them. */
  readonly misuses: string[] = [];
  readonly #instruments = new Map<string, Instrument>();

  getMeter(): Meter {
    // The other kinds of instruments count nothing here: a test of one finds no point.
    return Object.assign(Object.create(createNoopMeter()) as Meter, {
      createHistogram: (name: string, options: MetricOptions = {}): Histogram => {
        const instrument = this.#instrumentOf(name, options, true);
        return {
          record: (value, attributes = {}) => {
            instrument.take(value, attributes, this.misuses);
          },
        };
      },
      createUpDownCounter: (name: string, options: MetricOptions = {}): UpDownCounter => {
        const instrument = this.#instrumentOf(name, options, false);
        return {
          add: (value, attributes = {}) => {
            instrument.take(value, attributes, this.misuses);
          },
        };
      },
    });
  }

  /** Everything that was counted up to now. Later values do not change it. */
  collect(): Metric[] {
    return [...this.#instruments.values()]
      .map(({ metric }) => metric)
      .filter(({ points }) => points.length > 0);
  }

  /** Two of one name count together. */
  #instrumentOf(name: string, options: MetricOptions, isHistogram: boolean): Instrument {
    const known = this.#instruments.get(name);
    if (known !== undefined) return known;
    const made = new Instrument(name, options, isHistogram);
    this.#instruments.set(name, made);
    return made;
  }
}
