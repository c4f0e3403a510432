/**
 * Counts answered requests by route and duration. What it keeps is bounded, whatever paths clients invent.
 *
 * It is called for each request while someone looks, so it makes objects only of those that are kept: the slowest, and the failed.
 */

import type { Clock } from '@awaitio/core';
import type { FinishedRequest } from '../../observing/finished.ts';
import type { FinishedModel, RouteModel } from './model.ts';
import { copied, pathOf, printable, routeOf } from './safe-text.ts';

/** Upper ends of the buckets, in milliseconds; the last bucket has none. */
const BOUNDS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000];
/** Routes beyond these are counted as one. */
const MOST_ROUTES = 200;
/** Failed requests that are kept. */
const MOST_FAILURES = 50;
const OTHERS = '(other routes)';
/** Targets whose route is remembered, and the longest of them, in characters. */
const MOST_TARGETS = 1_000;
const LONGEST_TARGET = 256;
/** Methods of which targets are remembered. */
const MOST_METHODS = 16;

/** How a request has ended. */
export interface Finish {
  readonly status: number;
  readonly isComplete: boolean;
  /** Milliseconds. */
  readonly duration: number;
  /** The clock of who counts: read for what is kept. */
  readonly clock: Pick<Clock, 'now'>;
}

/** Whether a response is one to look at: a 5xx, or broken off. */
export function hasFailed({ status, isComplete }: Pick<Finish, 'status' | 'isComplete'>): boolean {
  return !isComplete || status >= 500;
}

/** A request that has ended, as it is shown. */
export function finishedModel(request: FinishedRequest, finish: Finish): FinishedModel {
  const { head, remoteAddress } = request;
  const { status, isComplete, duration, clock } = finish;
  return {
    method: copied(printable(head.method)),
    path: copied(pathOf(head.target)),
    peer: printable(String(remoteAddress ?? '')),
    status,
    isComplete,
    duration: Math.round(duration * 1_000) / 1_000,
    at: Math.round(clock.now()),
  };
}

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

  /** @returns what it keeps of the request, if it has failed */
  add(request: FinishedRequest, finish: Finish): FinishedModel | undefined {
    const { duration } = finish;
    this.count += 1;
    if (duration > this.max) this.max = Math.round(duration * 1_000) / 1_000;
    let at = 0;
    while (at < BOUNDS.length && duration > (BOUNDS[at] as number)) at += 1;
    const bucket = this.buckets[at] as Bucket;
    bucket.count += 1;
    const isSlowest = (bucket.slowest?.duration ?? -1) < duration;
    const isFailed = hasFailed(finish);
    if (!isSlowest && !isFailed) return undefined;
    const model = finishedModel(request, finish);
    if (isSlowest) bucket.slowest = model;
    if (!isFailed) return undefined;
    this.failed += 1;
    bucket.failed = model;
    return model;
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
  /** Routes by method and target, or what the handler has named: clients repeat themselves. */
  readonly #known = new Map<string, Map<string, Route>>();
  #targets = 0;

  /** A request has ended. */
  add(request: FinishedRequest, finish: Finish): void {
    const failure = this.#routeOf(request).add(request, finish);
    if (failure === undefined) return;
    this.#failures.unshift(failure);
    this.#failures.length = Math.min(this.#failures.length, MOST_FAILURES);
  }

  #routeOf({ head, route }: FinishedRequest): Route {
    const { method, target } = head;
    const key = route ?? target;
    const known = this.#known.get(method)?.get(key);
    if (known !== undefined) return known;
    const named = route === undefined ? routeOf(pathOf(target)) : printable(route);
    const found = this.#routeFor(copied(printable(method)), copied(named));
    if (key.length <= LONGEST_TARGET) this.#remember(copied(method), copied(key), found);
    return found;
  }

  #remember(method: string, key: string, route: Route): void {
    if (this.#targets >= MOST_TARGETS || this.#known.size >= MOST_METHODS) {
      this.#known.clear();
      this.#targets = 0;
    }
    let targets = this.#known.get(method);
    if (targets === undefined) {
      targets = new Map();
      this.#known.set(method, targets);
    }
    targets.set(key, route);
    this.#targets += 1;
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
