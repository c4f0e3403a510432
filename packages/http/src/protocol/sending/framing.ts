/**
 * How a message that this side sends is framed, decided once and in one place.
 *
 * Inbound framing is llhttp's alone. These functions decide only what goes out, following the steps of RFC 9112 section
 * 6.3 from the sender's side; what they return chooses how the body is written.
 */

import { LocalProtocolError } from '../vocabulary/errors.ts';
import type { HttpVersion } from '../vocabulary/events.ts';

/** How a body is delimited. */
export type Framing =
  /** No body, and none announced. */
  | { readonly kind: 'none' }
  /** `length` bytes, announced; `isSent` is false in a response to HEAD, and in a 304. */
  | { readonly kind: 'length'; readonly length: number; readonly isSent: boolean }
  /** Chunks; `isSent` is false in a response to HEAD. */
  | { readonly kind: 'chunked'; readonly isSent: boolean }
  /** Until the connection ends: a response of unknown length to an HTTP/1.0 client. */
  | { readonly kind: 'close'; readonly isSent: boolean };

const NONE: Framing = Object.freeze({ kind: 'none' });
const CHUNKED: Framing = Object.freeze({ kind: 'chunked', isSent: true });
const CHUNKED_UNSENT: Framing = Object.freeze({ kind: 'chunked', isSent: false });
const CLOSE: Framing = Object.freeze({ kind: 'close', isSent: true });
const CLOSE_UNSENT: Framing = Object.freeze({ kind: 'close', isSent: false });

/**
 * The framing of a response.
 *
 * @param length - The body's length; `undefined` when it is not known before it is sent. With a 304: that of the body
 * which a 200 would have, `undefined` when that is not known.
 */
export function responseFraming(
  method: string | undefined,
  status: number,
  length: number | undefined,
  peerVersion: HttpVersion,
): Framing {
  // Step 1: these never have a body, whatever the application gave (RFC 9110 sections 15.3.5, 15.4.5, 15.2). A 304 may
  // announce the length that a 200 would have (section 8.6).
  if (status === 304 && length !== undefined) return { kind: 'length', length, isSent: false };
  if (isBodiless(status)) return NONE;
  // Step 2: a 2xx to CONNECT becomes a tunnel.
  if (method === 'CONNECT' && status < 300) return NONE;
  // Step 3: a response to HEAD announces what GET would have sent (RFC 9110 section 9.3.2).
  const isSent = method !== 'HEAD';
  // Step 4: a known length is announced.
  if (length !== undefined) return { kind: 'length', length, isSent };
  // Step 5: an unknown one is chunked, for a peer that can read chunks.
  if (peerVersion === '1.1') return isSent ? CHUNKED : CHUNKED_UNSENT;
  return isSent ? CLOSE : CLOSE_UNSENT;
}

/** The framing of a request. */
export function requestFraming(
  method: string,
  length: number | undefined,
  hasBody: boolean,
): Framing {
  if (method === 'CONNECT') return NONE;
  if (!hasBody) {
    // RFC 9110 section 8.6: a method that anticipates content announces that there is none.
    const anticipates = method === 'POST' || method === 'PUT' || method === 'PATCH';
    return anticipates ? { kind: 'length', length: 0, isSent: true } : NONE;
  }
  return length === undefined ? CHUNKED : { kind: 'length', length, isSent: true };
}

/** Reports whether a response with this status never has a body (RFC 9112 section 6.3, rules 1 and 2). */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 304 || (status >= 100 && status < 200);
}

/** Counts a body against what was announced. */
export class BodyCounter {
  readonly #announced: number | undefined;
  #sent = 0;

  constructor(framing: Framing) {
    this.#announced = framing.kind === 'length' ? framing.length : undefined;
  }

  /** @throws {@link LocalProtocolError} when more is sent than was announced. */
  add(bytes: number): void {
    this.#sent += bytes;
    if (this.#announced === undefined || this.#sent <= this.#announced) return;
    throw new LocalProtocolError(
      `the body is longer than its Content-Length: announced ${this.#announced} bytes, got ${this.#sent} so far`,
      'ERR_HTTP_BODY_TOO_LONG',
    );
  }

  /** @throws {@link LocalProtocolError} when less was sent than was announced. */
  finish(): void {
    if (this.#announced === undefined || this.#sent === this.#announced) return;
    throw new LocalProtocolError(
      `the body is shorter than its Content-Length: announced ${this.#announced} bytes, got ${this.#sent}`,
      'ERR_HTTP_BODY_TOO_SHORT',
    );
  }
}
