/**
 * A read that waits without a promise, for one that reads again and again: the loop of a server's connection.
 *
 * A promise, its two functions, its reaction and the suspended function that awaits it are a quarter of the objects of an
 * idle connection, and are made anew for each request. A standing read is its reader itself, for as long as the reader lives.
 *
 * Readers are called as reactions are: in a microtask, after the code that delivered the bytes, in the order in which the
 * bytes came. All that are ready by then share that microtask, and are called outside of scopes.
 */

import { containResult, failureOf, stderrSink } from '../../vocabulary/callbacks.ts';
import type { Clock } from '../../vocabulary/clock.ts';
import { outsideScopes } from '../../waiting/ambient.ts';
import { cachedNow } from '../../waiting/system-clock.ts';
import { beginTrace, type WaitTrace } from '../../waiting/wait-trace.ts';
import { infoOf, type WaiterOwner, type WaitInfo } from '../../waiting/waiter.ts';
import { offerTo, type ByteConsumer } from './read-waits.ts';

const WAITING: unique symbol = Symbol('waiting');

/** Kept apart from every result. */
class Failure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/**
 * A reader that is called when its read has settled: see `readStanding`.
 *
 * Subclasses have `take`, as a consumer of `readWith`; `onRead`, called with how many bytes it took, or `null` at the end of the
 * stream; and `onReadFailed`, called with what `readWith` would throw. One of the two is called once for each read. Neither should
 * throw or reject: what it does so with has no place but a line on stderr.
 *
 * @example
 * ```ts
 * import { memoryPair } from '@awaitio/core';
 * import { readStanding, StandingRead } from '@awaitio/core/lowlevel';
 *
 * const [client, server] = memoryPair();
 * class Printer extends StandingRead {
 *   take(view: Uint8Array): number {
 *     console.log(Buffer.from(view).toString());
 *     return view.length;
 *   }
 *   protected onRead(count: number | null): void {
 *     console.log(count);
 *   }
 *   protected onReadFailed(error: unknown): void {
 *     console.log(error);
 *   }
 * }
 * console.log(readStanding(server, new Printer())); // true
 * await client.writeAll('ping'); // ping
 * await new Promise(setImmediate); // 4
 * await client.close();
 * await server.close();
 * ```
 */
export abstract class StandingRead implements ByteConsumer {
  /** The stream of a read whose reader was not called yet. */
  #owner: WaiterOwner | undefined;
  #since = 0;
  #trace: WaitTrace | undefined;
  #result: number | null | Failure | typeof WAITING = 0;

  /** As for `readWith`. */
  abstract take(view: Uint8Array): number;
  /** How many bytes were taken; `null` at the end. */
  protected abstract onRead(result: number | null): void;
  /** The read failed, with what `readWith` would throw. */
  protected abstract onReadFailed(error: unknown): void;

  /** Its name in errors and snapshots: that of the call it stands for. */
  get operation(): string {
    return 'readWith';
  }

  /** Whether it reads, or has read and was not called yet: it does one read at a time. */
  get isBusy(): boolean {
    return this.#owner !== undefined;
  }

  /** Called by the stream, which is ready for it. */
  begin(owner: WaiterOwner, clock: Clock): void {
    this.#owner = owner;
    this.#result = WAITING;
    this.#since = cachedNow(clock);
    this.#trace = beginTrace(this.operation, this.#since);
  }

  /** Bytes arrived: returns how many were taken. */
  offer(view: Uint8Array): number {
    let count;
    try {
      count = offerTo(this, view);
    } catch (error) {
      this.reject(error);
      return 0;
    }
    this.resolve(count);
    return count;
  }

  resolve(result: number | null): void {
    this.#settle(result);
  }

  reject(error: unknown): void {
    this.#settle(new Failure(error));
  }

  /** The wait as snapshots show it. */
  info(now: number): WaitInfo {
    return infoOf(this.operation, now - this.#since, this.#trace);
  }

  /** Calls the reader, in the microtask. Never throws: a reader that does must not end those that are called after it. */
  callBack(): void {
    const result = this.#result as number | null | Failure;
    const name = result instanceof Failure ? 'onReadFailed' : 'onRead';
    this.#owner = undefined;
    try {
      const returned: unknown =
        result instanceof Failure ? this.onReadFailed(result.error) : this.onRead(result);
      if (returned !== undefined) containResult(name, returned, stderrSink);
    } catch (error) {
      stderrSink.onCallbackFailure(failureOf(error, name), name);
    }
  }

  /** The first result counts: a consumer may end its stream, and so its read, before it has returned. */
  #settle(result: number | null | Failure): void {
    if (this.#result !== WAITING) return;
    this.#result = result;
    this.#owner?.remove(this);
    this.#trace?.end();
    if (ready.length === 0) void settled.then(callReady);
    ready.push(this);
  }
}

const settled = Promise.resolve();
/** Those that have settled and were not called yet. */
let ready: StandingRead[] = [];

function callReady(): void {
  const readers = ready;
  ready = [];
  outsideScopes(() => {
    for (const reader of readers) reader.callBack();
  });
}
