/** The pools of a client, one for each origin, and the bound on all their connections together. */

import { ClientPool, type ConnectionBudget, type PoolStatistics } from './pool.ts';
import type { PoolView } from '../../observing/clients.ts';
import type { ClientShared } from './shared.ts';
import type { Route } from '../routes/route.ts';
import type { Target } from '../routes/target.ts';

/** From this many origins on, the pools without a connection are dropped. */
const KEPT_ORIGINS = 64;

/** How many connections there may be. */
export interface PoolLimits {
  readonly perOrigin: number;
  readonly overAll: number;
}

export class Pools implements ConnectionBudget {
  readonly #shared: ClientShared;
  readonly #limits: PoolLimits;
  readonly #pools = new Map<string, ClientPool>();
  /** Connections that are open or being opened. */
  #open = 0;
  /** Whether a pool found no room for a request since the last connection went. */
  isWanted = false;
  #isClosed = false;

  constructor(shared: ClientShared, limits: PoolLimits) {
    this.#shared = shared;
    this.#limits = limits;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The pool of an origin, if there is one. */
  find(origin: string): ClientPool | undefined {
    return this.#pools.get(origin);
  }

  /** Makes the pool of an origin. */
  add({ origin }: Target, route: Route): ClientPool {
    if (this.#pools.size >= KEPT_ORIGINS) this.#dropEmpty();
    const pool = new ClientPool(this.#shared, origin, route, this.#limits.perOrigin, this);
    this.#pools.set(origin, pool);
    return pool;
  }

  hasRoom(): boolean {
    if (this.#open < this.#limits.overAll) return true;
    for (const pool of this.#pools.values()) if (pool.dropIdle()) break;
    const hasRoom = this.#open < this.#limits.overAll;
    this.isWanted ||= !hasRoom;
    return hasRoom;
  }

  onOpening(): void {
    this.#open += 1;
  }

  onGone(): void {
    this.#open -= 1;
    if (!this.isWanted) return;
    this.isWanted = false;
    // Each asks for room again, and is wanted again if there is none.
    for (const pool of this.#pools.values()) if (pool.waiting > 0) pool.admitNext();
  }

  /** Closes every connection. @returns settled when all are gone */
  async close(): Promise<void> {
    this.#isClosed = true;
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.close()));
  }

  /** A frozen snapshot, by origin. */
  statistics(): Readonly<Record<string, PoolStatistics>> {
    return Object.freeze(
      Object.fromEntries([...this.#pools].map(([origin, pool]) => [origin, pool.statistics()])),
    );
  }

  /** What its pools show of themselves. */
  views(): readonly PoolView[] {
    return Array.from(this.#pools.values(), (pool) => pool.view());
  }

  #dropEmpty(): void {
    for (const [origin, pool] of this.#pools) if (pool.isEmpty) this.#pools.delete(origin);
  }
}
