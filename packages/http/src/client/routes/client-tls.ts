/**
 * TLS of a client: one secure context for all its connections, since making one costs as much as a handshake on a fast network,
 * and the sessions of each origin.
 *
 * A resumed connection is as trustworthy as the one whose session it resumes: its server's certificate is not checked again.
 * So a session is never used with other options, for another name or on another way to the server: each client keeps its own, by
 * origin.
 */

import { startTls, TimeoutError, type ByteStream, type WaitOptions } from '@awaitio/core';
import { secureContextOf } from '@awaitio/core/lowlevel';
import type { ClientTlsOptions } from './tls-options.ts';

const ALPN = Object.freeze(['http/1.1']);
/** The most sessions kept for one origin: a server issues one or two for each connection. */
const MAX_SESSIONS = 4;

/** Secures a stream. */
export type Secure = (stream: ByteStream, options: WaitOptions) => Promise<ByteStream>;

type StreamTlsOptions = Omit<ClientTlsOptions, 'resumeSessions'>;

export class ClientTls {
  readonly #options: StreamTlsOptions;
  readonly #resumes: boolean;
  #context: ClientTlsOptions['secureContext'];

  /** @param options - As they are now: a change comes too late for a context. */
  constructor(options: ClientTlsOptions = {}) {
    const { resumeSessions = true, ...given } = options;
    const known = Object.entries(given).filter(([, value]) => value !== undefined);
    this.#options = Object.fromEntries(known);
    this.#resumes = resumeSessions;
  }

  /** The same, without some of its options. */
  without(names: ReadonlySet<string>): ClientTls {
    const kept = Object.entries(this.#options).filter(([name]) => !names.has(name));
    return new ClientTls({ ...Object.fromEntries(kept), resumeSessions: this.#resumes });
  }

  /**
   * How streams to one origin are secured.
   *
   * A body that ends with the connection must not be cut short by a forged FIN, so the end of the stream has to be announced,
   * unless the options say otherwise.
   *
   * @param host - The name that the certificate must have, unless the options name another.
   * @returns A function. It throws `CertificateError`, `TlsError`, `BrokenError`, `TimeoutError` of `tls`, the signal's reason.
   * The stream is closed then.
   */
  to(host: string): Secure {
    const sessions = this.#resumes ? new Sessions() : undefined;
    return (stream, options) => this.#secure(stream, host, sessions, options);
  }

  async #secure(
    stream: ByteStream,
    host: string,
    sessions: Sessions | undefined,
    { signal, timeout }: WaitOptions,
  ): Promise<ByteStream> {
    try {
      this.#context ??= secureContextOf(this.#options, 'request');
      const session = sessions?.take();
      const secured = await startTls(stream, {
        requireCloseNotify: true,
        servername: host,
        ...this.#options,
        secureContext: this.#context,
        alpn: ALPN,
        session,
        onSession: sessions?.onSession,
        signal,
        timeout,
      });
      if (session !== undefined && secured.isResumed) sessions?.putBack(session);
      return secured;
    } catch (error) {
      stream.reset();
      if (error instanceof TimeoutError && error.operation === 'startTls') {
        throw new TimeoutError('tls', error.timeout);
      }
      throw error;
    }
  }
}

/**
 * The sessions of one origin. One is taken out when it is used: one that a server refuses, or chokes on, is not tried again. One
 * that was resumed is used again where there is no new one, although RFC 8446 section C.4 advises against it, since who watches can
 * tell that both connections are of one client: Node's servers issue no other when they resume one.
 */
class Sessions {
  readonly #kept: Uint8Array[] = [];

  readonly onSession = (session: Uint8Array): void => {
    this.#kept.push(session);
    if (this.#kept.length > MAX_SESSIONS) this.#kept.shift();
  };

  /** The newest. */
  take(): Uint8Array | undefined {
    return this.#kept.pop();
  }

  /** It may be used again, after the new ones. */
  putBack(session: Uint8Array): void {
    if (this.#kept.length < MAX_SESSIONS) this.#kept.unshift(session);
  }
}
