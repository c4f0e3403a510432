/** How long the requests of one server take, by method and route: a histogram, counted from the moment it is asked for. */

import { finishedOf, type FinishedRequest, type FinishedWatcher } from '../observing/finished.ts';
import type { Family, Sample } from './exposition.ts';

/** Upper ends of the buckets in seconds: those that OpenTelemetry advises for HTTP. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** Of methods that are none of these, and of routes above the bound. */
const OTHER = 'other';
/** RFC 9110 section 9, and PATCH. */
const METHODS: ReadonlySet<string> = new Set(
  'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH'.split(' '),
);

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** One for each bucket, and one for what is longer. */
  readonly counts: number[];
  sum: number;
}

/** Counts the durations of one server for as long as it lives. */
export class Durations implements FinishedWatcher {
  readonly #limit: number;
  readonly #series = new Map<string, Map<string, Series>>();
  #size = 0;

  /** @param limit - The most combinations of labels; further ones are `other`, together. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Begins to count. @returns whether this is a server whose requests can be counted */
  begin(server: object): boolean {
    const watchers = finishedOf(server);
    watchers?.add(this);
    return watchers !== undefined;
  }

  onFinished(
    { head, route }: FinishedRequest,
    status: number,
    _isComplete: boolean,
    duration: number,
  ): void {
    // Without a status there was no response.
    if (status === 0) return;
    const series = this.#find(METHODS.has(head.method) ? head.method : OTHER, route ?? '');
    const seconds = duration / 1_000;
    let at = 0;
    while (at < BOUNDS.length && seconds > (BOUNDS[at] as number)) at += 1;
    (series.counts[at] as number) += 1;
    series.sum += seconds;
  }

  #find(method: string, route: string): Series {
    const known = this.#series.get(method)?.get(route);
    if (known !== undefined) return known;
    const hasRoom = this.#size < this.#limit || (method === OTHER && route === OTHER);
    if (!hasRoom) return this.#find(OTHER, OTHER);
    const counts = Array.from({ length: BOUNDS.length + 1 }, () => 0);
    const series = { labels: { method, route }, counts, sum: 0 };
    const routes = this.#series.get(method) ?? new Map<string, Series>();
    this.#series.set(method, routes.set(route, series));
    this.#size += 1;
    return series;
  }

  /** As Prometheus takes it: each bucket counts all that is no longer than its end. */
  family(): Family {
    const samples: Sample[] = [];
    for (const routes of this.#series.values()) {
      for (const { labels, counts, sum } of routes.values()) {
        let total = 0;
        for (const [at, count] of counts.entries()) {
          total += count;
          const le = BOUNDS[at] === undefined ? '+Inf' : String(BOUNDS[at]);
          samples.push({ labels: { ...labels, le }, value: total, suffix: '_bucket' });
        }
        samples.push({ labels, value: sum, suffix: '_sum' });
        samples.push({ labels, value: total, suffix: '_count' });
      }
    }
    const help = 'From the head of a request to the end of its response.';
    return { name: 'awaitio_http_request_duration_seconds', type: 'histogram', help, samples };
  }
}
