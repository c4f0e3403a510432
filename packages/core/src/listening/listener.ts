/**
 * The contract of every listener, whatever carries its connections: TCP, Unix sockets, TLS, memory, a simulated
 * network.
 *
 * A listener hands out connections one by one to the tasks that call `accept`. Connections that were not accepted yet
 * wait in an `AcceptQueue`, limited and unread: their bytes stay with the carrier (for TCP, in the kernel).
 */

import type { Address } from '../vocabulary/address.ts';
import type { ByteStream } from '../streams/byte-stream.ts';
import type { WouldBlock } from '../vocabulary/would-block.ts';
import type { Source } from '../vocabulary/source.ts';
import type { WaitInfo, WaitOptions } from '../waiting/waiter.ts';
import { rules, type OptionTable } from '../vocabulary/check.ts';

/** A snapshot of a listener. */
export interface ListenerStatistics {
  /** Connections handed out since the listener began. */
  readonly accepted: number;
  /** Connections handed out and still open. */
  readonly open: number;
  /** Connections that wait to be accepted. */
  readonly pending: number;
  /** Connections refused because a limit was reached. */
  readonly refused: number;
  /** Connections above a limit that `onOverflow` is handling. */
  readonly answering: number;
  readonly waits: readonly WaitInfo[];
}

/** Options of {@link Listener.drain}. */
export interface DrainOptions {
  /**
   * How long a client whose handshake is under way may send nothing, in milliseconds, before it is reset. Of no effect where
   * there is no handshake. @default 500
   */
  readonly idleWindow?: number | undefined;
}

/** What {@link DrainOptions} may be. */
export const DRAIN_OPTIONS: OptionTable<DrainOptions> = { idleWindow: rules.milliseconds };

/** The default of {@link DrainOptions.idleWindow}, in milliseconds. */
export const DEFAULT_DRAIN_WINDOW = 500;

/** A source of incoming connections. */
export interface Listener<S extends ByteStream = ByteStream> extends AsyncIterable<S>, Source {
  /** The address that the listener is bound to; for port 0, with the port that the system chose. */
  readonly localAddress: Address;

  /**
   * Waits for a connection. Several calls may be pending; they are served in order.
   *
   * Cancelling takes no connection.
   *
   * @param options - `signal` cancels the wait; `timeout` limits it, in milliseconds (default: no limit).
   * @returns The stream, which is the caller's to close.
   * @throws `ClosedError` when this side closes the listener; `TimeoutError`; `signal.reason`; `IoError` when the
   * operating system fails to accept, such as `EMFILE`: the listener continues after it.
   */
  accept(options?: WaitOptions): Promise<S>;

  /**
   * Takes a queued connection, without waiting.
   *
   * @returns The stream, which is the caller's to close; `WOULD_BLOCK` when none is queued.
   * @throws `ClosedError` after `close`; `IoError` as {@link Listener.accept}.
   */
  tryAccept(): S | WouldBlock;

  /**
   * Waits until `accept` would not wait; level-triggered.
   *
   * @param options - `signal` cancels the wait; `timeout` limits it, in milliseconds (default: no limit).
   * @throws `ClosedError` when this side closes the listener; `TimeoutError`; `signal.reason`.
   */
  readable(options?: WaitOptions): Promise<void>;

  /**
   * Stops listening, and goes on handing out the connections that have arrived: those that wait to be accepted, and those
   * whose handshake is under way when it is done. The listener closes after the last one: `accept` throws `ClosedError`.
   *
   * A second call returns the promise of the first. {@link Listener.close} ends it early, and resets what is left.
   *
   * @param options - `idleWindow` is how long a client may send nothing in its handshake, in milliseconds (default: 500).
   * @returns Resolves when the listener is closed. It does not by itself as long as a connection is not accepted.
   * @throws `InvalidInputError` for a wrong option; the listener goes on then.
   *
   * @example
   * ```ts
   * import { MemoryListener } from '@awaitio/core';
   *
   * const listener = new MemoryListener();
   * const client = await listener.connect();
   * const drained = listener.drain();
   * const server = await listener.accept(); // it arrived before
   * await drained;
   * await listener.accept().catch((error) => console.log(error.code)); // ERR_LISTENER_CLOSED
   * await client.close();
   * await server.close();
   * ```
   */
  drain(options?: DrainOptions): Promise<void>;

  /** Stops listening and resets the connections that were not accepted. Accepted streams stay open. Idempotent. */
  close(): Promise<void>;

  /** A frozen snapshot. */
  statistics(): ListenerStatistics;

  /** Closes at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;

  /**
   * Accepts one connection after another, until the listener closes: `for await` with a signal and a timeout, as
   * `TcpListener::incoming` of Rust's standard library.
   *
   * Leaving the loop ends a pending wait at once and leaves the listener open, with every later connection in its queue; so
   * do the signal and the timeout.
   *
   * @param options - `signal` cancels the iteration; `timeout` limits the wait for each connection, in milliseconds
   * (default: no limit).
   * @throws in the loop as {@link Listener.accept}, but for `ClosedError`, which ends it; `InvalidInputError` at once.
   */
  incoming(options?: WaitOptions): AsyncIterableIterator<S>;

  /** As {@link Listener.incoming}, without a signal or a timeout. */
  [Symbol.asyncIterator](): AsyncIterator<S, undefined>;
}
