/**
 * TLS listeners: accept the connections of any listener after their handshake.
 *
 * Handshakes run concurrently, so that a slow client delays no other. They are limited in number, since a connection is
 * taken from the listener below only when there is room here, and in time. What the listener below holds back stays in
 * the kernel, unread.
 */

import { checkOptions, pickOptions, rules, type OptionTable } from '../../vocabulary/check.ts';
import type { Address, SocketPath } from '../../vocabulary/address.ts';
import { STREAM_OPTIONS, type ByteStream, type StreamOptions } from '../../streams/byte-stream.ts';
import { systemClock } from '../../waiting/system-clock.ts';
import { ClosedError, IoError } from '../../vocabulary/errors.ts';
import type { Listener, ListenerStatistics } from '../../listening/listener.ts';
import { closedError } from '../../listening/accept-queue.ts';
import { QueueListener } from '../../listening/queue-listener.ts';
import { charged } from '../../waiting/charged.ts';
import { checkWaitOptions } from '../../waiting/waiter.ts';
import { TCP_LISTEN_OPTIONS, TcpListener, type TcpListenOptions } from '../tcp/tcp-listener.ts';
import type { TcpAddress } from '../tcp/tcp-options.ts';
import { abort, serverHandshake, type Secured } from './handshake.ts';
import {
  contextOf,
  TLS_CREDENTIALS,
  TLS_SERVER_OPTIONS,
  type TlsCredentials,
  type TlsServerOptions,
} from './tls-options.ts';
import {
  addressesOf,
  openServerStream,
  type StreamAddresses,
  type TlsStream,
} from './tls-stream.ts';
import * as unix from '../unix/unix-listener.ts';

/** Options of {@link TlsListener.over}. */
export interface TlsListenOptions extends StreamOptions, TlsServerOptions {
  /** The time limit of a handshake, in milliseconds. @default 10000 (as long as Go's HTTP client gives a server) */
  readonly handshakeTimeout?: number | undefined;
  /** The most connections in a handshake or waiting to be accepted after it; more stay with the listener below. @default 1024 */
  readonly maxPending?: number | undefined;
  /**
   * Called for each failed handshake, with the client's address. What it throws is ignored.
   *
   * @default failures are counted in `statistics().failedHandshakes`
   */
  readonly onHandshakeError?: ((error: unknown, from: Address | undefined) => void) | undefined;
  /** Closes the listener when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link TlsListener.bind}: its own, and those of the listener below. */
export interface TlsBindOptions
  extends
    TlsListenOptions,
    Omit<TcpListenOptions, 'onOverflow' | 'signal' | 'maxPending'>,
    Pick<unix.UnixListenOptions, 'mode' | 'removeStale' | 'replace'> {
  /** As of `TcpListener.bind`, but no callback: a client cannot be answered before its handshake. @default 'wait' */
  readonly onOverflow?: 'wait' | 'reset' | undefined;
}

const TLS_LISTEN_OPTIONS: OptionTable<TlsListenOptions> = {
  ...STREAM_OPTIONS,
  ...TLS_SERVER_OPTIONS,
  handshakeTimeout: rules.milliseconds,
  maxPending: rules.count,
  onHandshakeError: rules.function,
  signal: rules.signal,
};

const TLS_BIND_OPTIONS: OptionTable<TlsBindOptions> = {
  ...TCP_LISTEN_OPTIONS,
  ...TLS_LISTEN_OPTIONS,
  mode: unix.UNIX_LISTEN_OPTIONS.mode,
  removeStale: unix.UNIX_LISTEN_OPTIONS.removeStale,
  replace: unix.UNIX_LISTEN_OPTIONS.replace,
  onOverflow: rules.oneOf('wait', 'reset'),
};

/** A snapshot of a TLS listener. */
export interface TlsListenerStatistics extends ListenerStatistics {
  /** Handshakes in progress. */
  readonly handshakes: number;
  /** Handshakes that have failed. */
  readonly failedHandshakes: number;
}

const DEFAULTS = { handshakeTimeout: 10_000, maxPending: 1_024 } as const;

/** A connection after its handshake, waiting to be accepted. */
interface Handshaken {
  readonly secured: Secured;
  readonly addresses: StreamAddresses;
}

/**
 * A TLS listener: an async source of {@link TlsStream}s.
 *
 * @example
 * ```ts
 * import { TlsListener, TlsStream } from '@awaitio/core';
 * import { TestAuthority } from '@awaitio/core/testing';
 *
 * const authority = new TestAuthority();
 * const listener = await TlsListener.bind('127.0.0.1:0', {
 *   ...authority.issue(['127.0.0.1']),
 *   alpn: ['http/1.1'],
 * });
 * const client = await TlsStream.connect(listener.localAddress, {
 *   ca: authority.cert,
 *   alpn: ['http/1.1'],
 * });
 * const server = await listener.accept();
 * console.log(server.protocol, server.alpnProtocol); // TLSv1.3 http/1.1
 * await client.close();
 * await server.close();
 * await listener.close();
 * ```
 */
export class TlsListener extends QueueListener<Handshaken, TlsStream> {
  readonly localAddress: Address;
  /** As of its streams. */
  readonly isEncrypted: true = true;
  readonly #below: Listener;
  readonly #options: TlsListenOptions;
  readonly #maxPending: number;
  readonly #closing = new AbortController();
  #credentials: TlsCredentials;
  #inProgress = 0;
  #failedHandshakes = 0;
  /** Resumes the accept loop when there may be room. */
  #wake: (() => void) | undefined;
  readonly #accepting: Promise<void>;

  private constructor(below: Listener, options: TlsListenOptions) {
    super({
      clock: options.clock ?? systemClock,
      // Connection limits apply below; every connection that came this far was admitted.
      admission: { maxPending: Infinity },
      claim: ({ secured, addresses }, closed) => {
        this.#wake?.();
        if (secured.socket.destroyed) return undefined;
        return openServerStream(secured, addresses, this.#options, closed);
      },
      refuse: ({ secured }) => {
        abort(secured);
      },
    });
    this.#below = below;
    this.#options = options;
    this.#maxPending = options.maxPending ?? DEFAULTS.maxPending;
    this.#credentials = { secureContext: contextOf(options, 'bind') };
    this.localAddress = below.localAddress;
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#accepting = this.#accept();
  }

  /**
   * Binds and listens, on TCP or on a Unix socket.
   *
   * @param address - As `TcpListener.bind` takes it, or `{ path }`.
   * @throws `InvalidInputError` also when a key or certificate cannot be used; else as `TcpListener.bind` and
   * `UnixListener.bind`. Nothing is left open then.
   */
  // `override`, since every subclass inherits a `bind` that is `Function.prototype.bind`.
  static override async bind(
    address: TcpAddress | SocketPath,
    options: TlsBindOptions,
  ): Promise<TlsListener> {
    return charged(options, () => TlsListener.#bind(address, options));
  }

  static async #bind(
    address: TcpAddress | SocketPath,
    options: TlsBindOptions,
  ): Promise<TlsListener> {
    checkListenOptions('bind', options, TLS_BIND_OPTIONS);
    const below = { ...options, signal: undefined };
    const listener =
      typeof address === 'object' && address !== null && 'path' in address
        ? await unix.UnixListener.bind(address, pickOptions(below, unix.UNIX_LISTEN_OPTIONS))
        : await TcpListener.bind(address, pickOptions(below, TCP_LISTEN_OPTIONS));
    if (options.signal?.aborted === true) {
      await listener.close();
      throw options.signal.reason;
    }
    return new TlsListener(listener, options);
  }

  /**
   * Puts TLS over another listener, and takes ownership of it: closing this one closes it.
   *
   * @throws `InvalidInputError` when a key or certificate cannot be used; `signal.reason`. The other listener is unchanged
   * then.
   */
  static over(listener: Listener, options: TlsListenOptions): TlsListener {
    checkListenOptions('over', options, TLS_LISTEN_OPTIONS);
    return new TlsListener(listener, options);
  }

  /**
   * Uses other keys and certificates for new connections, such as renewed ones.
   *
   * @throws `InvalidInputError` when they cannot be used: the old ones stay in use.
   */
  setCredentials(credentials: TlsCredentials): void {
    checkOptions('setCredentials', credentials, TLS_CREDENTIALS);
    this.#credentials = { secureContext: contextOf(credentials, 'setCredentials') };
  }

  async close(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#closing.abort(closedError('accept'));
    this.queue.close();
    this.#wake?.();
    await this.#below.close();
    await this.#accepting;
    await this.queue.settled();
  }

  override statistics(): TlsListenerStatistics {
    const below = this.#below.statistics();
    const own = super.statistics();
    return Object.freeze({
      ...own,
      pending: own.pending + below.pending,
      refused: own.refused + below.refused,
      handshakes: this.#inProgress,
      failedHandshakes: this.#failedHandshakes,
    });
  }

  readonly #onAbort = (): void => {
    void this.close();
  };

  /** Takes connections from below while there is room here, and runs their handshakes concurrently. */
  async #accept(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      if (this.#inProgress + this.queue.pending >= this.#maxPending) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      try {
        void this.#performHandshake(await this.#below.accept());
      } catch (error) {
        if (error instanceof ClosedError) this.#onBelowClosed();
        else this.queue.fail(error instanceof Error ? error : new IoError(String(error), UNKNOWN));
      }
    }
  }

  /** The listener below was closed from outside: there is nothing left to accept. */
  #onBelowClosed(): void {
    if (!this.#closing.signal.aborted) void this.close();
  }

  async #performHandshake(stream: ByteStream): Promise<void> {
    const addresses = addressesOf(stream);
    this.#inProgress += 1;
    try {
      const { handshakeTimeout = DEFAULTS.handshakeTimeout, clock } = this.#options;
      const secured = await serverHandshake(
        stream,
        { ...this.#options, ...this.#credentials },
        { operation: 'accept', clock, timeout: handshakeTimeout, signal: this.#closing.signal },
      );
      this.#inProgress -= 1;
      this.queue.admit({ secured, addresses });
    } catch (error) {
      this.#inProgress -= 1;
      stream.reset();
      if (error === this.#closing.signal.reason) return;
      this.#failedHandshakes += 1;
      try {
        this.#options.onHandshakeError?.(error, addresses.remoteAddress);
      } catch {
        // An error of the error callback has nowhere to go.
      }
    } finally {
      this.#wake?.();
    }
  }
}

const UNKNOWN = { code: 'ERR_UNKNOWN', operation: 'accept' };

function checkListenOptions(
  operation: string,
  options: TlsListenOptions,
  table: OptionTable<TlsListenOptions>,
): void {
  checkOptions(operation, options, table);
  checkWaitOptions(operation, { signal: options.signal });
  contextOf(options, operation);
}
