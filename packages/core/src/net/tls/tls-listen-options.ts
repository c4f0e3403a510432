/** Options of TLS listeners, and their checks. */

import { STREAM_OPTIONS, type StreamOptions } from '../../streams/byte-stream.ts';
import type { Address } from '../../vocabulary/address.ts';
import { checkOptions, rules, type OptionTable } from '../../vocabulary/check.ts';
import { checkWaitOptions } from '../../waiting/waiter.ts';
import { TCP_LISTEN_OPTIONS, type TcpListenOptions } from '../tcp/tcp-listener.ts';
import * as unix from '../unix/unix-listener.ts';
import { secureContextOf } from './tls-credentials.ts';
import { TLS_SERVER_OPTIONS, type TlsServerOptions } from './tls-options.ts';

/** Options of `TlsListener.over`. */
export interface TlsListenOptions extends StreamOptions, TlsServerOptions {
  /** The time limit of a handshake, in milliseconds. @default 10000 (as long as Go's HTTP client gives a server) */
  readonly handshakeTimeout?: number | undefined;
  /**
   * The most handshakes at a time. Above it the quietest one gives way to a new one, and is reset: one whose client has sent
   * nothing, else one that is a second old and whose client has sent nothing for 250 ms. Where all are busy, the next one waits. @default 1024
   */
  readonly maxHandshakes?: number | undefined;
  /** The most connections that may wait to be accepted after their handshake; more stay with the listener below. @default 1024 */
  readonly maxPending?: number | undefined;
  /**
   * Called for each failed handshake, with the client's address. What it throws is written to stderr.
   *
   * @default failures are counted in `statistics().failedHandshakes`
   */
  readonly onHandshakeError?: ((error: unknown, from: Address | undefined) => void) | undefined;
  /** Closes the listener when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `TlsListener.bind`: its own, and those of the listener below. */
export interface TlsBindOptions
  extends
    TlsListenOptions,
    Omit<TcpListenOptions, 'onOverflow' | 'signal' | 'maxPending'>,
    Pick<unix.UnixListenOptions, 'mode' | 'removeStale' | 'replace'> {
  /** As of `TcpListener.bind`, but no callback: a client cannot be answered before its handshake. @default 'wait' */
  readonly onOverflow?: 'wait' | 'reset' | undefined;
}

/** What {@link TlsListenOptions} may be. */
export const TLS_LISTEN_OPTIONS: OptionTable<TlsListenOptions> = {
  ...STREAM_OPTIONS,
  ...TLS_SERVER_OPTIONS,
  handshakeTimeout: rules.milliseconds,
  maxHandshakes: rules.count,
  maxPending: rules.count,
  onHandshakeError: rules.function,
  signal: rules.signal,
};

/** What {@link TlsBindOptions} may be. */
export const TLS_BIND_OPTIONS: OptionTable<TlsBindOptions> = {
  ...TCP_LISTEN_OPTIONS,
  ...TLS_LISTEN_OPTIONS,
  mode: unix.UNIX_LISTEN_OPTIONS.mode,
  removeStale: unix.UNIX_LISTEN_OPTIONS.removeStale,
  replace: unix.UNIX_LISTEN_OPTIONS.replace,
  onOverflow: rules.oneOf('wait', 'reset'),
};

/** Checks options, keys and certificates before anything is opened. @throws `InvalidInputError`; `signal.reason` */
export function checkListenOptions(
  operation: string,
  options: TlsListenOptions,
  table: OptionTable<TlsListenOptions>,
): void {
  checkOptions(operation, options, table);
  checkWaitOptions(operation, { signal: options.signal });
  secureContextOf(options, operation);
}
