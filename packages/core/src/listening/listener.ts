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
