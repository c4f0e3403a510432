/** What an error says about the request that failed with it. */

import { InvalidInputError, IoError } from '@awaitio/core';
import type { StreamedBody } from '../../message/outgoing-body.ts';
import { ProtocolError } from '../../protocol/vocabulary/errors.ts';

/** A body as it is sent. */
export type SentBody = string | Uint8Array | StreamedBody;

/** The phases of a request, in order. */
export type RequestPhase = 'pool' | 'connect' | 'tls' | 'headers' | 'body';

/** The request that an error belongs to: `error.request`. It names no credentials, path or query. */
export interface FailedRequest {
  readonly method: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** The phase in which it failed. */
  readonly phase: RequestPhase;
  /** How often it had been sent, or tried to, from 1. */
  readonly attempt: number;
  /**
   * Whether the call may be made again: nothing of it was sent, or it may be sent twice; and its body can be made again. After a
   * redirect, this holds for each request on the way.
   */
  readonly isReplayable: boolean;
}

/**
 * The request that an error of a client belongs to.
 *
 * @param error - What a call of `HttpClient`, or reading a response, has failed with.
 * @returns `undefined` for an error of the program: a signal's reason, what a body or a callback has thrown.
 *
 * @example
 * ```ts
 * import { failedRequestOf, HttpClient } from '@awaitio/http';
 *
 * await using client = new HttpClient();
 * try {
 *   await client.get('http://127.0.0.1:1/path?secret');
 * } catch (error) {
 *   console.log(failedRequestOf(error)?.origin, failedRequestOf(error)?.phase); // http://127.0.0.1:1 connect
 * }
 * ```
 */
export function failedRequestOf(error: unknown): FailedRequest | undefined {
  if (!isOwn(error)) return undefined;
  return (error as { readonly request?: FailedRequest }).request;
}

/** How far a request has come: what its errors say about it. */
export class RequestProgress {
  method: string;
  origin: string;
  phase: RequestPhase = 'pool';
  /** How often it was sent, or tried to. */
  attempt = 0;
  /** Its body, until a connection begins to send it: it is to be released when none does. */
  unsent: SentBody | undefined;
  /** Whether its body can be made again. */
  hasReplayableBody = true;
  /** Whether sending it twice means the same as once (RFC 9110 section 9.2.2), by its method or an `Idempotency-Key`. */
  isIdempotent = true;
  /** Whether it was redirected after a request that may not be sent again: then the call may not be repeated. */
  #hasSentOnce = false;
  /** The program's signal. */
  readonly #signal: AbortSignal | undefined;

  constructor(method: string, origin: string, signal: AbortSignal | undefined) {
    this.method = method;
    this.origin = origin;
    this.#signal = signal;
  }

  /** Whether it may be sent again although the server may have received it. After a redirect: what it has become. */
  get isRepeatable(): boolean {
    return this.isIdempotent && this.hasReplayableBody;
  }

  /** Whether the whole call may be made again, from the first of its redirects on. */
  get isCallRepeatable(): boolean {
    return this.isRepeatable && !this.#hasSentOnce;
  }

  /** It was answered with a redirect, and becomes another request. */
  onRedirect(): void {
    this.#hasSentOnce ||= !this.isRepeatable;
  }

  /** Adds `request` to an error of this client. Nothing is added to what is the program's: its signal's reason. Never throws. */
  describe(error: unknown): void {
    if (!isOwn(error) || error instanceof InvalidInputError) return;
    if (this.#signal?.aborted === true && this.#signal.reason === error) return;
    if ('request' in error || !Object.isExtensible(error)) return;
    const { method, origin, phase, attempt } = this;
    const wasSent = phase === 'headers' || phase === 'body';
    const isReplayable = wasSent
      ? this.isCallRepeatable
      : this.hasReplayableBody && !this.#hasSentOnce;
    const request: FailedRequest = { method, origin, phase, attempt, isReplayable };
    Object.defineProperty(error, 'request', { value: Object.freeze(request), enumerable: true });
  }
}

/** What a program throws is its own: nothing is added to it. */
function isOwn(error: unknown): error is Error {
  return error instanceof IoError || error instanceof ProtocolError;
}
