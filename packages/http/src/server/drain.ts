/**
 * The shutdown of a server: stops accepting, waits for what is open, aborts what has not ended in time.
 *
 * No request is lost: an open one gets its response, one that arrives meanwhile on a kept connection gets its response
 * with `Connection: close`. A connection that was never used closes at once; one that was opened within the last
 * `idleWindow` keeps the rest of it, since its first request may be on its way.
 */

import { TimeoutError, type Clock } from '@awaitio/core';
import { deferred, type AbortWatcher, type Deferred } from '@awaitio/core/lowlevel';
import type { ServerConnection } from './connection.ts';
import type { ShutdownReport } from './events.ts';
import { ended } from './lingering-close.ts';
import type { ConnectionFacts } from './observer.ts';
import type { ShutdownOptions } from './options.ts';
import type { ServerRuntime } from './runtime.ts';

/** The open connections of a server. */
export class OpenConnections {
  readonly #clock: Clock;
  readonly #open = new Set<ServerConnection>();
  #emptied: Deferred<void> | undefined;
  #isAborting = false;
  /** Connections that ended before they were aborted. */
  completed = 0;
  /** Of those, the ones that had switched protocols. */
  upgraded = 0;
  /** Connections that were closed while they were idle. */
  idleClosed = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#open.size;
  }

  [Symbol.iterator](): Iterator<ServerConnection> {
    return this.#open.values();
  }

  add(connection: ServerConnection): void {
    this.#open.add(connection);
  }

  /** A connection has ended. */
  remove(connection: ConnectionFacts): void {
    const open: Set<ConnectionFacts> = this.#open;
    open.delete(connection);
    if (!this.#isAborting) {
      this.completed += 1;
      if (connection.end.reason === 'upgraded') this.upgraded += 1;
    }
    if (this.#open.size === 0) this.#emptied?.resolve();
  }

  /** Closes the chosen connections that are idle. */
  closeIdle(isChosen: (connection: ServerConnection) => boolean): void {
    for (const connection of this.#open) {
      if (!isChosen(connection)) continue;
      this.idleClosed += 1;
      connection.closeIfIdle();
    }
  }

  /** Waits until no connection is open, up to a number of milliseconds. */
  async emptyWithin(milliseconds: number): Promise<void> {
    if (this.#open.size === 0) return;
    this.#emptied = deferred<void>();
    await within(this.#clock, this.#emptied.promise, milliseconds);
  }

  /** Resets what is open. A handler cannot be stopped: one that goes on is not waited for, and its response is dropped. */
  async abort(): Promise<void> {
    this.#isAborting = true;
    const left = [...this.#open];
    for (const connection of left) connection.abort();
    await Promise.all(left.map(({ stream }) => stream.closed));
    await nextTurn(this.#clock);
    this.#open.clear();
  }
}

/** The server that shuts down. */
export interface DrainOwner {
  readonly runtime: ServerRuntime;
  readonly connections: OpenConnections;
  /** Closes the listener; resolves when the accept loop has ended. */
  stopAccepting(): Promise<void>;
  /** Closes what the server opened beside its connections. */
  release(): Promise<void>;
}

/** Shuts a server down. */
export async function drain(owner: DrainOwner, options: ShutdownOptions): Promise<ShutdownReport> {
  const { lameDuck = 0, grace = 5_000, idleWindow = 500 } = options;
  const { runtime, connections } = owner;
  const { clock, observer } = runtime;
  observer.emit({ type: 'drainStarted', connections: connections.size });
  runtime.drainWindow = idleWindow;
  runtime.isDraining = true;
  if (lameDuck > 0) await clock.sleep(lameDuck);
  const { completed, upgraded } = connections;
  await owner.stopAccepting();
  runtime.stoppedAccepting(ended('the server is shutting down'));
  // The connections that were accepted last begin.
  await nextTurn(clock);
  const start = clock.now();
  const left = (): number => start + grace - clock.now();
  connections.closeIdle(({ isFresh, openedAt }) => isFresh && openedAt <= start - idleWindow);
  const answeredAtStart = new Map(
    [...connections].map((connection) => [connection, connection.answered]),
  );
  await connections.emptyWithin(Math.min(idleWindow, grace));
  // A connection that has answered since then idles for an idle window after its response.
  connections.closeIdle(
    (connection) => connection.isIdle && connection.answered === answeredAtStart.get(connection),
  );
  await connections.emptyWithin(left());
  const aborted = [...connections].map(({ remoteAddress }) => String(remoteAddress ?? ''));
  await connections.abort();
  if (!(await within(clock, runtime.background(), left()))) {
    runtime.report(new TimeoutError('waitUntil', grace), undefined);
  }
  await owner.release();
  const { idleClosed } = connections;
  const switched = connections.upgraded - upgraded;
  const report = Object.freeze({
    completed: connections.completed - completed - idleClosed - switched,
    idleClosed,
    upgraded: switched,
    aborted: Object.freeze(aborted),
  });
  observer.emit({ type: 'drained', report });
  return report;
}

/** Waits for work up to a number of milliseconds; whether it ended in time. */
async function within(clock: Clock, work: Promise<void>, milliseconds: number): Promise<boolean> {
  const late = deferred<boolean>();
  const timer = clock.setTimer(
    () => {
      late.resolve(false);
    },
    Math.max(0, milliseconds),
  );
  const isInTime = await Promise.race([work.then(() => true), late.promise]);
  timer.cancel();
  return isInTime;
}

function nextTurn(clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    clock.defer(resolve);
  });
}

/** Shuts a server down when a signal aborts; a failure goes to `onError`. */
export function shutDown(
  server: { shutdown(): Promise<ShutdownReport> },
  runtime: ServerRuntime,
): AbortWatcher {
  const onAbort = async (): Promise<void> => {
    try {
      await server.shutdown();
    } catch (error) {
      runtime.report(error, undefined);
    }
  };
  return { onAbort: () => void onAbort() };
}
