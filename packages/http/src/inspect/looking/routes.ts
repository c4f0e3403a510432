/** Counts answered requests by route and duration. What it keeps is bounded, whatever paths clients invent. */

import type { FinishedModel, RouteModel } from './model.ts';
import { routeOf } from './safe-text.ts';

/** Upper ends of the buckets, in milliseconds; the last bucket has none. */
const BOUNDS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000];
/** Routes beyond these are counted as one. */
const MOST_ROUTES = 200;
/** Failed requests that are kept. */
const MOST_FAILURES = 50;
const OTHERS = '(other routes)';

interface Bucket {
  count: number;
  slowest: FinishedModel | null;
  failed: FinishedModel | null;
}

class Route {
  readonly method: string;
  readonly route: string;
  readonly buckets: Bucket[] = [];
  count = 0;
  failed = 0;
  max = 0;

  constructor(method: string, route: string) {
    this.method = method;
    this.route = route;
    for (let at = 0; at <= BOUNDS.length; at += 1) {
      this.buckets.push({ count: 0, slowest: null, failed: null });
    }
  }

  add(request: FinishedModel, hasFailed: boolean): void {
    this.count += 1;
    this.max = Math.max(this.max, request.duration);
    const at = BOUNDS.findIndex((bound) => request.duration <= bound);
    const bucket = this.buckets[at === -1 ? BOUNDS.length : at] as Bucket;
    bucket.count += 1;
    if ((bucket.slowest?.duration ?? -1) < request.duration) bucket.slowest = request;
    if (!hasFailed) return;
    this.failed += 1;
    bucket.failed = request;
  }

  /** The upper end of the bucket that a share of the requests has reached. */
  #quantile(share: number): number {
    let left = Math.ceil(this.count * share);
    for (const [at, { count }] of this.buckets.entries()) {
      left -= count;
      if (left <= 0) return Math.min(this.max, BOUNDS[at] ?? this.max);
    }
    return this.max;
  }

  model(): RouteModel {
    const { method, route, count, failed, max } = this;
    const buckets = this.buckets.map((bucket, at) => ({ upTo: BOUNDS[at] ?? null, ...bucket }));
    const [p50, p90, p99] = [this.#quantile(0.5), this.#quantile(0.9), this.#quantile(0.99)];
    return { method, route, count, failed, p50, p90, p99, max, buckets };
  }
}

/** Latencies by route. */
export class Routes {
  readonly #routes = new Map<string, Route>();
  readonly #failures: FinishedModel[] = [];

  /** A request has ended. */
  add(request: FinishedModel): void {
    const hasFailed = !request.isComplete || request.status >= 500;
    this.#routeFor(request.method, routeOf(request.path)).add(request, hasFailed);
    if (!hasFailed) return;
    this.#failures.unshift(request);
    this.#failures.length = Math.min(this.#failures.length, MOST_FAILURES);
  }

  #routeFor(method: string, route: string): Route {
    const key = `${method} ${route}`;
    const found = this.#routes.get(key);
    if (found !== undefined) return found;
    const hasRoom = this.#routes.size < MOST_ROUTES;
    const made = hasRoom ? new Route(method, route) : new Route('', OTHERS);
    const others = hasRoom ? undefined : this.#routes.get(OTHERS);
    if (others !== undefined) return others;
    this.#routes.set(hasRoom ? key : OTHERS, made);
    return made;
  }

  /** The failed ones, newest first. */
  get failures(): readonly FinishedModel[] {
    return [...this.#failures];
  }

  /** The busiest first. */
  models(): readonly RouteModel[] {
    return Array.from(this.#routes.values(), (route) => route.model()).toSorted(
      (a, b) => b.count - a.count,
    );
  }
}
