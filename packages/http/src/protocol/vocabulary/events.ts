/**
 * The events of a connection: heads, data, the end of a message, the end of the connection.
 *
 * As in h11, what `nextEvent` returns on one side is what was sent on the other.
 */

import type { Headers } from './headers.ts';
import { latin1Bytes } from './latin1.ts';

/** There is no event before more bytes come. */
export const NEED_DATA: unique symbol = Symbol('awaitio.NEED_DATA');
/** There is no event before this side has finished its part of the cycle: the peer's next message waits. */
export const PAUSED: unique symbol = Symbol('awaitio.PAUSED');

/** The supported versions. */
export type HttpVersion = '1.0' | '1.1';

/** A request's start line and header section, and what follows from them. */
export class RequestHead {
  readonly type = 'request';
  readonly method: string;
  /** The request target as it was sent: origin, absolute, authority or asterisk form (RFC 9112 section 3.2). */
  readonly target: string;
  readonly httpVersion: HttpVersion;
  readonly headers: Headers;
  /** The body's length; `undefined` when it is chunked; 0 when there is none. */
  readonly contentLength: number | undefined;
  /** Whether the client may send another request on this connection. */
  readonly keepAlive: boolean;
  /** Whether the client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
  /** Whether the client proposes another protocol: `Upgrade`, or CONNECT. */
  readonly upgrade: boolean;

  constructor(
    method: string,
    target: string,
    httpVersion: HttpVersion,
    headers: Headers,
    contentLength: number | undefined,
    keepAlive: boolean,
    expectsContinue: boolean,
    upgrade: boolean,
  ) {
    this.method = method;
    this.target = target;
    this.httpVersion = httpVersion;
    this.headers = headers;
    this.contentLength = contentLength;
    this.keepAlive = keepAlive;
    this.expectsContinue = expectsContinue;
    this.upgrade = upgrade;
  }

  /** A separate object with the same contents: a property set on one message's head must not show on the next. */
  copy(): RequestHead {
    return new RequestHead(
      this.method,
      this.target,
      this.httpVersion,
      this.headers.copy(),
      this.contentLength,
      this.keepAlive,
      this.expectsContinue,
      this.upgrade,
    );
  }
}

/** A response's status line and header section. */
export class ResponseHead {
  readonly type: 'response' | 'informational';
  readonly status: number;
  readonly reason: string;
  readonly httpVersion: HttpVersion;
  readonly headers: Headers;
  /** The body's length; `undefined` when it is chunked or ends with the connection. */
  readonly contentLength: number | undefined;
  readonly keepAlive: boolean;
  /** Whether the connection goes on in another protocol: 101, or a 2xx to CONNECT. */
  readonly upgrade: boolean;

  constructor(
    status: number,
    reason: string,
    httpVersion: HttpVersion,
    headers: Headers,
    contentLength: number | undefined,
    keepAlive: boolean,
    upgrade: boolean,
  ) {
    this.type = status < 200 && status !== 101 ? 'informational' : 'response';
    this.status = status;
    this.reason = reason;
    this.httpVersion = httpVersion;
    this.headers = headers;
    this.contentLength = contentLength;
    this.keepAlive = keepAlive;
    this.upgrade = upgrade;
  }

  /** A separate object with the same contents, as {@link RequestHead.copy}. */
  copy(): ResponseHead {
    return new ResponseHead(
      this.status,
      this.reason,
      this.httpVersion,
      this.headers.copy(),
      this.contentLength,
      this.keepAlive,
      this.upgrade,
    );
  }
}

/**
 * A piece of a body; the receiver owns its bytes.
 *
 * A piece that came in one small chunk with its head is a slice of that chunk's text. Nearly all small bodies are text, and
 * memory outside the heap, where more than 64 bytes go, costs as much as parsing the head (`pnpm bench --only echo,json`): so
 * the bytes are created when they are first read. The price: a slice keeps its chunk's text alive, 4 KiB at most.
 */
export class Data {
  readonly type = 'data';
  #bytes: Uint8Array | undefined;
  /** The bytes as text, one character for each, where they were received as such; `undefined` otherwise. */
  readonly latin1: string | undefined;

  /** @param data - The bytes, or text that stands for its latin1 bytes. */
  constructor(data: Uint8Array | string) {
    if (typeof data === 'string') this.latin1 = data;
    else this.#bytes = data;
  }

  /** The bytes, the same each time. */
  get bytes(): Uint8Array {
    this.#bytes ??= latin1Bytes(this.latin1 as string);
    return this.#bytes;
  }

  /** Its length in bytes. */
  get length(): number {
    return this.latin1 === undefined ? (this.#bytes as Uint8Array).length : this.latin1.length;
  }
}

/** The end of a message, with the trailer section of a chunked one. */
export class EndOfMessage {
  readonly type = 'end';
  readonly trailers: Headers | undefined;

  constructor(trailers: Headers | undefined) {
    this.trailers = trailers;
  }
}

/** The peer finished sending. */
export class ConnectionClosed {
  readonly type = 'closed';
}

/** The end of a message without trailers: nearly every message, so one object serves all. */
export const END: EndOfMessage = new EndOfMessage(undefined);
export const CLOSED: ConnectionClosed = new ConnectionClosed();

/** Everything that `nextEvent` can return. */
export type ConnectionEvent = RequestHead | ResponseHead | Data | EndOfMessage | ConnectionClosed;
