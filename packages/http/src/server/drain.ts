/**
 * The shutdown of a server: stops accepting, waits for what is open, aborts what has not ended in time.
 *
 * No request is lost: an open one gets its response, one that arrives meanwhile on a kept connection gets its response
 * with `Connection: close`. A connection that was never used closes at once; one that was opened within the last
 * `idleWindow` keeps the rest of it, since its first request may be on its way. So does one that arrived and is not accepted
 * yet: it waits for its handshake, or for a task. A part of a head is no request: it does not keep its connection longer.
 */

import { TimeoutError, type Clock } from '@awaitio/core';
import { deferred, MemberList, type AbortWatcher, type Deferred } from '@awaitio/core/lowlevel';
import type { ServerConnection } from './connection.ts';
import type { ShutdownReport } from './events.ts';
import { ended } from './lingering-close.ts';
import type { ConnectionFacts } from './observer.ts';
import type { ShutdownOptions } from './options.ts';
import type { ServerRuntime } from './runtime.ts';
import { isWebSocket } from './upgrade.ts';

/** The open connections of a server. */
export class OpenConnections {
  readonly #clock: Clock;
  readonly #open = new MemberList<ServerConnection>();
  #emptied: Deferred<void> | undefined;
  #isAborting = false;
  /** Connections that ended before they were aborted. */
  completed = 0;
  /** Of those, the ones that had switched protocols. */
  upgraded = 0;
  /** Of those, the WebSockets. */
  webSockets = 0;
  /** Connections that were closed while they were idle. */
  idleClosed = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#open.size;
  }

  [Symbol.iterator](): Iterator<ServerConnection> {
    return this.#open[Symbol.iterator]();
  }

  add(connection: ServerConnection): void {
    this.#open.add(connection);
  }

  /** A connection has ended. */
  remove(connection: ConnectionFacts): void {
    this.#open.remove(connection as ServerConnection);
    if (!this.#isAborting) {
      this.completed += 1;
      if (connection.end.reason === 'upgraded') {
        this.upgraded += 1;
        if (isWebSocket(connection.stream)) this.webSockets += 1;
      }
    }
    if (this.#open.size > 0) return;
    this.#emptied?.resolve();
    this.#emptied = undefined;
  }

  /** Closes the chosen connections, which have no request. */
  closeIdle(isChosen: (connection: ServerConnection) => boolean): void {
    for (const connection of this.#open) {
      if (!isChosen(connection)) continue;
      this.idleClosed += 1;
      connection.closeIfIdle();
    }
  }

  /** Waits until no more connections come and none is open, up to a number of milliseconds. */
  async emptyWithin(milliseconds: number, lastComes: Promise<void>): Promise<void> {
    const empty = lastComes.then(() => this.#whenEmpty());
    await within(this.#clock, empty, milliseconds);
  }

  #whenEmpty(): Promise<void> | undefined {
    if (this.#open.size === 0) return undefined;
    this.#emptied ??= deferred<void>();
    return this.#emptied.promise;
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
  /** Stops listening at once; resolves when the last connection that had arrived is accepted. */
  drainListener(idleWindow: number): Promise<void>;
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
  const view = { startedAt: clock.now(), lameDuck, grace };
  runtime.drain = { ...view, report: undefined };
  runtime.drainWindow = idleWindow;
  runtime.isDraining = true;
  if (lameDuck > 0) await clock.sleep(lameDuck);
  const { completed, upgraded, webSockets } = connections;
  runtime.isClosing = true;
  const lastComes = owner.drainListener(idleWindow);
  // A failure shows in the waits below.
  lastComes.catch(() => {});
  runtime.stoppedAccepting(ended('the server is shutting down'));
  // Those that waited to be accepted begin.
  await nextTurn(clock);
  await nextTurn(clock);
  const start = clock.now();
  const left = (): number => start + grace - clock.now();
  connections.closeIdle(({ isFresh, openedAt }) => isFresh && openedAt <= start - idleWindow);
  const answeredAtStart = new Map(
    [...connections].map((connection) => [connection, connection.answered]),
  );
  await connections.emptyWithin(Math.min(idleWindow, grace), lastComes);
  // A connection that has answered since then idles for an idle window after its response.
  connections.closeIdle(
    (connection) => connection.isWaiting && connection.answered === answeredAtStart.get(connection),
  );
  await connections.emptyWithin(left(), lastComes);
  await owner.stopAccepting();
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
    webSockets: connections.webSockets - webSockets,
    aborted: Object.freeze(aborted),
  });
  runtime.drain = { ...view, report };
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
