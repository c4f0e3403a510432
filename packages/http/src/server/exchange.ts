/**
 * One request and its answer: what a handler's request and context reach through to.
 *
 * An exchange pulls the request's body from the connection as the handler reads it, and is the only thing that may do so
 * until the answer is out. It is a leaf beside the connection's loop, so that a request costs one object.
 */

import {
  TimeoutError,
  WOULD_BLOCK,
  type Address,
  type LimitError,
  type WouldBlock,
} from '@awaitio/core';
import { deferred, invalidInput } from '@awaitio/core/lowlevel';
import { Body, type BodySource } from '../message/body.ts';
import { LocalProtocolError } from '../protocol/vocabulary/errors.ts';
import { NEED_DATA, type Data, type RequestHead } from '../protocol/vocabulary/events.ts';
import { fieldList, type HeadersInput } from '../protocol/vocabulary/fields.ts';
import type { Headers } from '../protocol/vocabulary/headers.ts';
import type { ProxyHeader } from '../proxy-protocol/header.ts';
import type { RequestOrigin } from '../message/request.ts';
import type { ServerConnection, Switched } from './connection.ts';

/** What a handler may do beside answering. */
export interface HandlerContext {
  /**
   * Sends an informational response, such as 103 with `Link` fields, before the answer.
   *
   * @param status - 100 to 199, but not 101.
   * @throws `LocalProtocolError` after the answer began. An HTTP/1.0 client is sent nothing.
   */
  informational(status: number, headers?: HeadersInput): void;
  /**
   * Switches to another protocol: 101, or 200 for CONNECT. The stream is the handler's from then on, with the first bytes
   * of the new protocol in it; what the handler returns is not used, and a handler that fails breaks the stream off.
   *
   * @throws `LocalProtocolError` when the request did not ask for it.
   */
  upgrade(headers?: HeadersInput): Promise<Switched>;
  /** Whether the server's shutdown has begun. */
  readonly isDraining: boolean;
  /** Whether the connection is encrypted (TLS). */
  readonly isEncrypted: boolean;
  /** What the proxy in front said, when there is one that is trusted. */
  readonly proxyHeader: ProxyHeader | undefined;
  /**
   * Gives this handler so long from now until it has answered, instead of the server's `handler` deadline; to be called
   * before the handler first waits.
   *
   * @param milliseconds - From 0; `Infinity` for no limit.
   */
  setDeadline(milliseconds: number): void;
  /** Has the server's shutdown wait for work that goes on after the answer; its failure goes to `onError`. */
  waitUntil(work: Promise<unknown>): void;
}

/** Why a request's signal aborted: the client has gone. */
export class ClientGoneError extends Error {
  override name = 'ClientGoneError';
  readonly code = 'ERR_HTTP_CLIENT_GONE';
}

export class Exchange implements RequestOrigin, BodySource, HandlerContext {
  readonly #connection: ServerConnection;
  readonly #head: RequestHead;
  #body: Body | undefined;
  #controller: AbortController | undefined;
  #trailers: Headers | undefined;
  #isBodyDone: boolean;
  #awaitsContinue: boolean;
  #isOver = false;
  /** Bytes of the request's body that were handed out. */
  bytesIn = 0;
  /** What a reader was told of a body that is longer than it collects. */
  limitError: LimitError | undefined;
  /** Bytes of the answer's body that were written. */
  bytesOut = 0;
  /** The status that the request was answered with; 0 before. */
  status = 0;
  /** When the handler began and when it had answered, for those who listen; -1 when nobody does. */
  startedAt = -1;
  answeredAt = -1;

  constructor(connection: ServerConnection, head: RequestHead) {
    this.#connection = connection;
    this.#head = head;
    this.#isBodyDone = false;
    this.#awaitsContinue = head.expectsContinue;
  }

  get head(): RequestHead {
    return this.#head;
  }

  // --- For the request -----------------------------------------------------------------------------------------

  get connectionId(): number {
    return this.#connection.id;
  }

  get remoteAddress(): Address | undefined {
    return this.#connection.remoteAddress;
  }

  get body(): Body {
    this.#body ??= new Body(this);
    return this.#body;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (!this.#isOver) this.#connection.watchPeer(this);
    }
    return this.#controller.signal;
  }

  // --- For the body --------------------------------------------------------------------------------------------

  get bodyLength(): number | undefined {
    return this.#head.contentLength;
  }

  get trailers(): Headers | undefined {
    return this.#trailers;
  }

  tryNextPiece(): Data | null | WouldBlock {
    return this.#isOver ? null : this.#pull();
  }

  #pull(): Data | null | WouldBlock {
    if (this.#isBodyDone) return null;
    const event = this.#connection.http.nextEvent();
    if (event === NEED_DATA) return WOULD_BLOCK;
    if (typeof event === 'symbol' || event.type === 'end') {
      this.#isBodyDone = true;
      if (typeof event !== 'symbol') this.#trailers = event.trailers;
      return null;
    }
    if (event.type !== 'data') return null;
    this.bytesIn += event.length;
    return event;
  }

  async nextPiece(): Promise<Uint8Array | null> {
    if (this.#isOver && !this.#isBodyDone) {
      throw new LocalProtocolError(
        'the body was read after the answer was complete; read it before the handler returns',
        'ERR_HTTP_BODY_GONE',
      );
    }
    for (;;) {
      const piece = this.tryNextPiece();
      if (piece !== WOULD_BLOCK) return piece === null ? null : piece.bytes;
      this.sendContinue();
      await this.#connection.phases.readBody();
    }
  }

  abandon(tooLong?: LimitError): void {
    this.limitError = tooLong;
  }

  // --- For the handler -----------------------------------------------------------------------------------------

  informational(status: number, headers?: HeadersInput): void {
    if (!Number.isInteger(status) || status < 100 || status > 199 || status === 101) {
      throw new LocalProtocolError(
        `informational: expected a status from 100 to 199 other than 101, got ${String(status)}`,
        'ERR_HTTP_STATUS',
      );
    }
    this.#checkRunning('informational');
    if (status === 100) this.#awaitsContinue = false;
    const { driver, http } = this.#connection;
    driver.write(http.sendInformational(status, headers));
    driver.flushSoon();
  }

  async upgrade(headers?: HeadersInput): Promise<Switched> {
    this.#checkRunning('upgrade');
    return this.#connection.switchProtocol(this.#head, fieldList(headers));
  }

  get isDraining(): boolean {
    return this.#connection.isDraining;
  }

  get isEncrypted(): boolean {
    return this.#connection.isEncrypted;
  }

  get proxyHeader(): ProxyHeader | undefined {
    return this.#connection.proxyHeader;
  }

  setDeadline(milliseconds: number): void {
    if (!(milliseconds >= 0)) {
      throw invalidInput('setDeadline', 'milliseconds', 'a number from 0', milliseconds);
    }
    if (!this.#isOver) this.#connection.phases.setHandlerDeadline(milliseconds);
  }

  waitUntil(work: Promise<unknown>): void {
    this.#connection.waitUntil(work);
  }

  /** A context that was kept must not speak for the connection's next request. */
  #checkRunning(operation: string): void {
    if (!this.#isOver) return;
    throw new LocalProtocolError(
      `${operation}: the answer to this request is complete`,
      'ERR_HTTP_STATE',
    );
  }

  // --- For the connection --------------------------------------------------------------------------------------

  /** Whether the whole request has come and been handed out. */
  get isRequestRead(): boolean {
    return this.#isBodyDone;
  }

  /** Whether somebody reads, or has read, the body. */
  get isBodyUsed(): boolean {
    return this.#body?.isUsed === true;
  }

  /** Whether the client still waits for leave to send the body. */
  get awaitsContinue(): boolean {
    return this.#awaitsContinue;
  }

  /** Takes what is left of the request's events that have come already; whether that was all of it. */
  skipBuffered(): boolean {
    if (this.#isBodyDone) return true;
    for (;;) {
      const piece = this.#pull();
      if (piece === null) return true;
      if (piece === WOULD_BLOCK) return false;
    }
  }

  /** Gives the client leave to send the body, if it waits for that. */
  sendContinue(): void {
    if (!this.#awaitsContinue) return;
    this.#awaitsContinue = false;
    this.#connection.driver.write(this.#connection.http.sendInformational(100, undefined));
  }

  onPeerGone(): void {
    this.abort(
      new ClientGoneError('the client closed the connection before the answer was complete'),
    );
  }

  abort(reason: unknown): void {
    if (!this.#isOver) this.#controller?.abort(reason);
  }

  /** The answer is complete, or never will be: the signal stays as it is from now on. */
  finish(): void {
    this.#isOver = true;
  }
}

/** Runs a handler's promise against a deadline that can be called. */
export class HandlerDeadline {
  readonly #late = deferred<never>();

  /** The result, or the error of {@link HandlerDeadline.expire}, whichever comes first. */
  guard<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#late.promise]);
  }

  expire(milliseconds: number): void {
    this.#late.reject(new TimeoutError('handler', milliseconds));
  }
}
