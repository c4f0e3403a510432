/**
 * What every listener is, whatever its connections travel on: TCP, Unix sockets, TLS, memory, a simulated network.
 *
 * A listener hands out connections one by one to whoever asks. What has arrived and was not asked for yet waits in an
 * `AcceptQueue`, bounded and untouched: its bytes stay with the carrier (for TCP, in the kernel).
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
  /** Connections turned away because a bound was reached. */
  readonly refused: number;
  /** Connections above a bound that `onOverflow` is answering. */
  readonly answering: number;
  readonly waits: readonly WaitInfo[];
}

/** Where connections come from. */
export interface Listener<S extends ByteStream = ByteStream> extends AsyncIterable<S>, Source {
  /** Where the listener is bound; for port 0 it names the port that was chosen. */
  readonly localAddress: Address;

  /**
   * Waits for a connection. Several calls may wait; they are served in order.
   *
   * @throws `ClosedError` when this side closes the listener; `TimeoutError`; `signal.reason`; `IoError` when the
   * operating system fails to accept, such as `EMFILE`: the listener goes on after it. A call given up takes no
   * connection.
   */
  accept(options?: WaitOptions): Promise<S>;

  /** Takes a connection that waits, or gives `WOULD_BLOCK`. @throws as {@link Listener.accept} */
  tryAccept(): S | WouldBlock;

  /** Waits until a connection waits. @throws `ClosedError`; `TimeoutError`; `signal.reason` */
  readable(options?: WaitOptions): Promise<void>;

  /** Stops listening and resets the connections that nobody accepted. Streams handed out live on. Idempotent. */
  close(): Promise<void>;

  /** A frozen snapshot. */
  statistics(): ListenerStatistics;

  [Symbol.asyncDispose](): Promise<void>;
}
