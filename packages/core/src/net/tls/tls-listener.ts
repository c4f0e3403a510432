/**
 * TLS listeners: accept the connections of any listener after their handshake.
 *
 * Handshakes run concurrently, so that a slow client delays no other. They are limited in time, and in number: at the limit
 * a quiet one gives way (`Handshakes`). While too many connections wait to be accepted after their handshake, the next ones
 * stay with the listener below, in the kernel, unread.
 */

import { outsideScopes } from '../../waiting/ambient.ts';
import { checkMethods, checkOptions, pickOptions } from '../../vocabulary/check.ts';
import type { Address, SocketPath } from '../../vocabulary/address.ts';
import type { ByteStream } from '../../streams/byte-stream.ts';
import { systemClock } from '../../waiting/system-clock.ts';
import { callContained, stderrSink } from '../../vocabulary/callbacks.ts';
import { ClosedError } from '../../vocabulary/errors.ts';
import { translateError } from '../../vocabulary/translate-error.ts';
import type { Listener, ListenerStatistics } from '../../listening/listener.ts';
import { closedError } from '../../listening/closed-error.ts';
import { QueueListener } from '../../listening/queue-listener.ts';
import { charged } from '../../waiting/charged.ts';
import { TCP_LISTEN_OPTIONS, TcpListener } from '../tcp/tcp-listener.ts';
import type { TcpAddress } from '../tcp/tcp-options.ts';
import { abort, serverHandshake, type Secured } from './handshake.ts';
import { Handshakes } from './handshakes.ts';
import {
  checkListenOptions,
  TLS_BIND_OPTIONS,
  TLS_LISTEN_OPTIONS,
  type TlsBindOptions,
  type TlsListenOptions,
} from './tls-listen-options.ts';
import { secureContextOf, TLS_CREDENTIALS, type TlsCredentials } from './tls-credentials.ts';
import { addressesOf, type StreamAddresses } from './stream-addresses.ts';
import { openServerStream, type TlsStream } from './tls-stream.ts';
import * as unix from '../unix/unix-listener.ts';

/** A snapshot of a TLS listener. */
export interface TlsListenerStatistics extends ListenerStatistics {
  /** Handshakes in progress. */
  readonly handshakes: number;
  /** Handshakes that have failed. */
  readonly failedHandshakes: number;
}

const DEFAULTS = { handshakeTimeout: 10_000, maxHandshakes: 1_024, maxPending: 1_024 } as const;

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
  /** The options, with the credentials in use. */
  #tls: TlsListenOptions;
  readonly #handshakes: Handshakes;
  #failedHandshakes = 0;
  #isDraining = false;
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
    const { clock = systemClock, maxHandshakes = DEFAULTS.maxHandshakes } = options;
    this.#handshakes = new Handshakes(clock, maxHandshakes);
    this.#maxPending = options.maxPending ?? DEFAULTS.maxPending;
    this.#tls = { ...options, secureContext: secureContextOf(options, 'bind') };
    this.localAddress = below.localAddress;
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
    // For as long as the listener is open, whatever scope it is made in.
    this.#accepting = outsideScopes(() => this.#accept());
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
    checkMethods('over', 'listener', listener, [
      'accept',
      'readable',
      'drain',
      'close',
      'statistics',
    ]);
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
    const secureContext = secureContextOf(credentials, 'setCredentials');
    this.#tls = { ...this.#options, secureContext };
  }

  async close(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    const reason = closedError('accept');
    this.#closing.abort(reason);
    this.queue.close();
    this.#handshakes.abort(reason);
    this.#wake?.();
    await this.#below.close();
    await this.#accepting;
    await this.queue.settled();
  }

  protected async stop(idleWindow: number): Promise<void> {
    this.#isDraining = true;
    const reason = closedError('accept');
    const finished = this.#handshakes.finish(idleWindow, reason);
    await this.#below.drain({ idleWindow });
    await this.#accepting;
    await finished;
    // Those that the listener below has handed out meanwhile.
    await this.#handshakes.finish(idleWindow, reason);
    await this.queue.drain();
    await this.close();
  }

  override statistics(): TlsListenerStatistics {
    const below = this.#below.statistics();
    const own = super.statistics();
    return Object.freeze({
      ...own,
      pending: own.pending + below.pending,
      refused: own.refused + below.refused,
      handshakes: this.#handshakes.size,
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
      try {
        await this.#below.readable();
        if (this.queue.pending >= this.#maxPending) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          continue;
        }
        const stream = await this.#below.accept();
        if (this.#handshakes.isFull) await this.#handshakes.room();
        if (signal.aborted) {
          stream.reset();
          return;
        }
        void this.#performHandshake(stream);
      } catch (error) {
        if (error instanceof ClosedError) {
          this.#onBelowClosed();
          return;
        }
        await this.#failed(error);
      }
    }
  }

  /** Accepting failed. A pause, since a listener that fails each time would spin the loop (Go's net/http: 5 ms at first). */
  async #failed(error: unknown): Promise<void> {
    this.queue.fail(translateError(error, 'accept'));
    const { clock = systemClock } = this.#options;
    try {
      await clock.sleep(ACCEPT_PAUSE, { signal: this.#closing.signal });
    } catch {
      // Closed meanwhile.
    }
  }

  /** The listener below is drained, or was closed from outside: there is nothing left to accept. */
  #onBelowClosed(): void {
    if (!this.#isDraining && !this.#closing.signal.aborted) void this.close();
  }

  async #performHandshake(stream: ByteStream): Promise<void> {
    const addresses = addressesOf(stream);
    const { handshakeTimeout = DEFAULTS.handshakeTimeout, clock } = this.#options;
    try {
      await this.#handshakes.run(stream, async (signal) => {
        const limits = { operation: 'accept', clock, timeout: handshakeTimeout, signal };
        const secured = await serverHandshake(stream, this.#tls, limits);
        this.queue.admit({ secured, addresses });
      });
    } catch (error) {
      stream.reset();
      // This side closes.
      if (error instanceof ClosedError && error.code === 'ERR_LISTENER_CLOSED') return;
      this.#failedHandshakes += 1;
      const { onHandshakeError } = this.#options;
      if (onHandshakeError === undefined) return;
      const { remoteAddress } = addresses;
      callContained('onHandshakeError', onHandshakeError, error, remoteAddress, stderrSink);
    } finally {
      this.#wake?.();
    }
  }
}

const ACCEPT_PAUSE = 5;
