/**
 * The contract of a whole connection: both directions, their readiness, and how they end.
 *
 * - **Half-open.** The peer's FIN ends reading only; `shutdown('write')` ends writing only.
 * - **Closing keeps what was accepted, resetting drops it.** Either way every pending call settles.
 * - **`closed` never rejects**: it tells how the connection ended, and which side ended it.
 */

import { checkIsObject, rules, type OptionTable } from '../vocabulary/check.ts';
import { invalidInput } from '../vocabulary/errors.ts';
import type { Source } from '../vocabulary/source.ts';
import type { WaitInfo, WaitOptions } from '../waiting/waiter.ts';
import type { StreamReader } from './stream-reader.ts';
import type { StreamWriter } from './stream-writer.ts';

/** How to close. */
export interface CloseOptions {
  /** Milliseconds that accepted bytes may take to be sent before they are dropped. @default 5000 */
  readonly linger?: number | undefined;
}

/** The default of `linger`, in milliseconds: as long as nginx's `lingering_timeout`. */
export const DEFAULT_LINGER = 5_000;

/** What {@link CloseOptions} may be. */
export const CLOSE_OPTIONS: OptionTable<CloseOptions> = { linger: rules.milliseconds };

/** A snapshot of a stream. */
export interface StreamStatistics {
  /** Bytes that arrived, taken or not. */
  readonly bytesRead: number;
  /** Bytes accepted from this side’s writers. */
  readonly bytesWritten: number;
  /** Bytes that arrived and were not taken yet. */
  readonly buffered: number;
  /** Bytes accepted and not yet passed on by the carrier. */
  readonly unsent: number;
  /** The pending waits: for what, and for how long. */
  readonly waits: readonly WaitInfo[];
}

/** How a stream ended: the value of `closed`. */
export interface StreamEnd {
  /**
   * `eof`: both sides finished, the peer first · `shutdown`: this side closed or finished first · `reset`: one side
   * reset the connection · `timeout`: the network gave the peer up, or the last bytes could not be sent in time ·
   * `aborted`: this side reset it with a reason · `error`: anything else, see `error`.
   */
  readonly how: 'eof' | 'shutdown' | 'reset' | 'timeout' | 'aborted' | 'error';
  /** Which side ended it. */
  readonly by: 'local' | 'peer';
  /** Bytes that arrived, taken or not. */
  readonly bytesRead: number;
  /** Bytes accepted from this side's writers. */
  readonly bytesWritten: number;
  /** Accepted bytes that were dropped unsent. */
  readonly unsent: number;
  /** The error that broke the connection, or the reason it was reset with. */
  readonly error?: unknown;
}

/**
 * A connection that is read, written and ended: what `ByteStream` implements.
 *
 * Functions that pass a whole connection on take this interface, such as `copyBidirectional`.
 */
export interface DuplexStream extends StreamReader, StreamWriter, Source {
  /** Fulfilled when the connection is closed, with how and by which side it ended; never rejects. */
  readonly closed: Promise<StreamEnd>;
  /** Whether the connection is closed: {@link DuplexStream.closed} is fulfilled. */
  readonly isClosed: boolean;

  /**
   * Waits until no more bytes will arrive: the peer finished, the connection broke, or this side ended reading.
   *
   * Queued bytes do not matter. A carrier that was paused because the queue is full sees the end only when bytes are
   * taken.
   *
   * @param options - `signal` cancels the wait; `timeout` limits it, in milliseconds (default: no limit).
   * @throws `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  readClosed(options?: WaitOptions): Promise<void>;

  /**
   * Ends one direction, or both, without closing the connection.
   *
   * `'write'` sends what was accepted and then FIN; reading goes on. `'read'` drops the bytes that are queued and those
   * that still arrive; reads return `null`. A pending write fails with `ClosedError`. Doing it twice does nothing.
   * Cancelling ends the wait only: the FIN is still sent.
   *
   * @param how - Which direction.
   * @param options - `signal` cancels the wait; `timeout` limits it, in milliseconds (default: no limit).
   * @returns Fulfilled when the FIN was passed on; for `'read'` at once.
   * @throws `BrokenError` when the connection breaks first; `TimeoutError`; `signal.reason`;
   * `InvalidInputError`.
   *
   * @example
   * ```ts
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * await client.shutdown('write');
   * console.log(await server.readLine()); // null
   * await server.writeAll('still open\n');
   * console.log(await client.readLine()); // still open
   * await client.close();
   * await server.close();
   * ```
   */
  shutdown(how: 'read' | 'write' | 'both', options?: WaitOptions): Promise<void>;

  /**
   * Resets the connection so that the peer notices (RST); queued and unsent bytes are dropped. Idempotent.
   *
   * Pending reads and writes fail with `ClosedError`.
   *
   * @param reason - Why, for {@link DuplexStream.closed}: its `how` is then `aborted` instead of `reset`.
   *
   * @example
   * ```ts
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * client.reset(new Error('no longer needed'));
   * console.log((await client.closed).how, (await server.closed).how); // aborted reset
   * ```
   */
  reset(reason?: unknown): void;

  /**
   * Closes: accepted bytes are sent, everything else ends now. Idempotent, and never fails.
   *
   * Pending reads and writes fail with `ClosedError`. The peer sees the end of the stream.
   *
   * @param options - `linger`: how many milliseconds accepted bytes may take to be sent before the connection is reset
   * (default: 5000).
   * @returns Fulfilled when the connection is closed.
   *
   * @example
   * ```ts
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * await client.writeAll('goodbye\n');
   * await client.close({ linger: 1_000 });
   * console.log(await server.readLine()); // goodbye
   * await server.close();
   * ```
   */
  close(options?: CloseOptions): Promise<void>;

  /** Closes at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Checks the arguments of `shutdown`, before either direction is shut down. @throws `InvalidInputError` */
export function checkShutdown(how: unknown, options: WaitOptions | undefined): void {
  if (how !== 'read' && how !== 'write' && how !== 'both') {
    throw invalidInput('shutdown', 'how', "'read', 'write' or 'both'", how);
  }
  if (options !== undefined) checkIsObject('shutdown', options);
}
