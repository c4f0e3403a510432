/**
 * The list of open streams: for tests that check that everything was closed, and for diagnostics in a running
 * application.
 *
 * The list is kept while `trackStreams` is on. While it is off, a new stream costs one test of one variable; reading
 * and writing never pass through here.
 */

import { invalidInput } from '../vocabulary/errors.ts';
import type { Clock } from '../vocabulary/clock.ts';
import type { DuplexStream } from './duplex-stream.ts';
import { ReadyBits } from '../vocabulary/interest.ts';
import type { StreamStatistics } from './duplex-stream.ts';
import { siteOfCall } from '../waiting/call-site.ts';
import type { WaitInfo } from '../waiting/waiter.ts';

/** The state of an open stream, as seen from this side. */
export type OpenStreamState = 'open' | 'peer finished' | 'writing shut down' | 'closing';

/** What the list needs of a stream; every `ByteStream` has it. */
export interface TrackedStream extends DuplexStream {
  /** A frozen snapshot: byte counts, buffered and unsent bytes, pending waits and their ages. */
  statistics(): StreamStatistics;
}

/** One open stream. */
export interface OpenStream {
  /** The stream itself. */
  readonly stream: TrackedStream;
  /** The name of its class, such as `TcpStream`. */
  readonly kind: string;
  /** `local → remote`, for streams that have addresses. */
  readonly addresses?: string | undefined;
  readonly state: OpenStreamState;
  /** Milliseconds on the stream's clock since it was opened, or since tracking began to see it. */
  readonly age: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Bytes that arrived and were not taken. */
  readonly buffered: number;
  /** Bytes accepted and not yet passed on. */
  readonly unsent: number;
  /** The pending waits; with `traceWaits` on, also their tasks and lines. */
  readonly waits: readonly WaitInfo[];
  /** Where it was opened; `undefined` when the platform opened it, as it does an incoming connection. */
  readonly site?: string | undefined;
}

interface Entry {
  readonly clock: Clock;
  readonly since: number;
  readonly site: string | undefined;
}

type Entries = Map<TrackedStream, Entry>;

/** The list of {@link trackStreams}. */
let tracked: Entries | undefined;
/** The lists of {@link watchStreams}. */
const watches = new Set<Watched>();

/**
 * Turns the list of open streams on, for {@link openStreams}, or off, which clears it.
 *
 * @param enabled - Whether to list the streams that are opened from now on. Turning it on twice keeps the list.
 */
export function trackStreams(enabled: boolean): void {
  if (typeof enabled !== 'boolean') {
    throw invalidInput('trackStreams', 'enabled', 'true or false', enabled);
  }
  if (enabled) tracked ??= new Map();
  else tracked = undefined;
}

/** A list of the streams that were opened since it was begun: see {@link watchStreams}. */
export interface StreamWatch {
  /** Those that are not closed yet, oldest first, as `openStreams` shows them. */
  list(): readonly OpenStream[];
  /** Ends the list. */
  stop(): void;
}

/**
 * Begins a list of the streams that are opened from now on. It is independent of `trackStreams`, which a program or its tests
 * turn on and off.
 *
 * @returns The list. While any is kept, opening a stream costs a stack trace, some microseconds; reading and writing cost nothing.
 *
 * @example
 * ```ts
 * import { memoryPair } from '@awaitio/core';
 * import { watchStreams } from '@awaitio/core/lowlevel';
 *
 * const watch = watchStreams();
 * const [client, server] = memoryPair();
 * console.log(watch.list().length); // 2
 * await client.close();
 * await server.close();
 * console.log(watch.list().length); // 0
 * watch.stop();
 * ```
 */
export function watchStreams(): StreamWatch {
  const watched = new Watched();
  watches.add(watched);
  return {
    list: () => watched.list(),
    stop: () => {
      watches.delete(watched);
      watched.entries.clear();
    },
  };
}

/** From how many entries on those of closed streams are looked for. */
const FEW = 256;

/**
 * The streams of one watch. An idle stream costs it an entry and no promise: those that have closed are removed when they are listed, and
 * when twice as many have come.
 */
class Watched {
  readonly entries: Entries = new Map();
  #most = FEW;

  add(stream: TrackedStream, entry: Entry): void {
    this.entries.set(stream, entry);
    if (this.entries.size < this.#most) return;
    this.#removeClosed();
    this.#most = Math.max(FEW, this.entries.size * 2);
  }

  list(): readonly OpenStream[] {
    this.#removeClosed();
    return describe(this.entries);
  }

  #removeClosed(): void {
    for (const stream of this.entries.keys()) if (stream.isClosed) this.entries.delete(stream);
  }
}

/** A stream has an owner that shows it, such as a server: watches need not keep it. */
export function ownStream(stream: object): void {
  for (const { entries } of watches) entries.delete(stream as TrackedStream);
}

/** Whether {@link trackStreams} is on. */
export function isTrackingStreams(): boolean {
  return tracked !== undefined;
}

/** The caller of what opens a stream now. */
let opening: string | undefined;

/** The caller of the call that will open a stream, and is running; `undefined` while no list is kept. */
export function siteOfOpening(): string | undefined {
  return tracked === undefined && watches.size === 0 ? undefined : siteOfCall();
}

/** Opens a stream for a call that was made earlier: in the callback of a connection nothing of its caller is on the stack. */
export function openFrom<T>(site: string | undefined, open: () => T): T {
  opening = site;
  try {
    return open();
  } finally {
    opening = undefined;
  }
}

/** Called by each new stream. */
export function registerStream(stream: TrackedStream, clock: Clock): void {
  if (tracked === undefined && watches.size === 0) return;
  const entry = { clock, since: clock.now(), site: opening ?? siteOfCall() };
  for (const watched of watches) watched.add(stream, entry);
  if (tracked === undefined) return;
  tracked.set(stream, entry);
  void stream.closed.then(() => tracked?.delete(stream));
}

/** Removes an open stream from the list, because it has been reported. */
export function forgetStream(stream: TrackedStream): void {
  tracked?.delete(stream);
}

/**
 * The streams that were opened since {@link trackStreams} was turned on and are not closed yet, oldest first.
 *
 * @example
 * ```ts
 * import { memoryPair, openStreams, trackStreams } from '@awaitio/core';
 *
 * trackStreams(true);
 * const [client, server] = memoryPair();
 * await client.close();
 * for (const { kind, state } of openStreams()) console.log(kind, state); // ByteStream peer finished
 * await server.close();
 * console.log(openStreams().length); // 0
 * trackStreams(false);
 * ```
 */
export function openStreams(): readonly OpenStream[] {
  return describe(tracked);
}

function describe(entries: Entries | undefined): readonly OpenStream[] {
  return Object.freeze(
    Array.from(entries ?? [], ([stream, { clock, since, site }]): OpenStream => {
      const { bytesRead, bytesWritten, buffered, unsent, waits } = stream.statistics();
      return Object.freeze({
        stream,
        kind: stream.constructor.name,
        addresses: addressesOf(stream),
        state: stateOf(stream.readiness),
        age: clock.now() - since,
        bytesRead,
        bytesWritten,
        buffered,
        unsent,
        waits,
        site,
      });
    }),
  );
}

/** The state that a readiness stands for. */
export function stateOf(readiness: number): OpenStreamState {
  const isReadClosed = (readiness & ReadyBits.READ_CLOSED) !== 0;
  const isWriteClosed = (readiness & ReadyBits.WRITE_CLOSED) !== 0;
  if (isReadClosed && isWriteClosed) return 'closing';
  if (isReadClosed) return 'peer finished';
  return isWriteClosed ? 'writing shut down' : 'open';
}

/** Only some carriers give their streams addresses; this file needs no more than their text. */
function addressesOf(stream: TrackedStream): string | undefined {
  const { localAddress, remoteAddress } = stream as {
    localAddress?: unknown;
    remoteAddress?: unknown;
  };
  if (localAddress === undefined && remoteAddress === undefined) return undefined;
  return `${String(localAddress)} \u2192 ${String(remoteAddress)}`;
}
