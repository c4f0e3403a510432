/**
 * One request and its response: the object behind a handler's request and context.
 *
 * An exchange pulls the request's body from the connection as the handler reads it. Until the response is complete it is
 * the only reader of the connection. Request, body source and context are one object, so that a request costs one.
 */

import {
  WOULD_BLOCK,
  type Address,
  type Clock,
  type LimitError,
  type WouldBlock,
} from '@awaitio/core';
import { AsyncScope, charged, invalidInput, isThenable } from '@awaitio/core/lowlevel';
import { readWholeForm } from '../adapters/lazy-forms.ts';
import type { Driver } from '../driver/driver.ts';
import { bodyOf, type Body, type BodySource } from '../message/body.ts';
import { abort, isAbortError } from '../message/abort-error.ts';
import {
  ClientGoneError,
  type HandlerContext,
  type Switched,
  type UpgradeOptions,
} from '../message/handler.ts';
import type { RequestOrigin } from '../message/request.ts';
import type { HttpConnection } from '../protocol/connection.ts';
import { LocalProtocolError } from '../protocol/vocabulary/errors.ts';
import { NEED_DATA, type Data, type RequestHead } from '../protocol/vocabulary/events.ts';
import type { HeadersInput } from '../protocol/vocabulary/fields.ts';
import type { Headers } from '../protocol/vocabulary/headers.ts';
import type { ProxyHeader } from '../proxy-protocol/header.ts';
import type { ServerRequestTracer } from '../tracing/server-request.ts';
import { checkInformational } from './sending/informational.ts';
import type { ExchangeFacts } from './observer.ts';
import type { Phases } from './phases.ts';

/** The connection of an exchange. */
export interface ExchangeOwner extends Pick<HandlerContext, 'isEncrypted' | 'proxyHeader'> {
  readonly id: number;
  readonly remoteAddress: Address | undefined;
  readonly runtime: Pick<HandlerContext, 'isDraining' | 'drainSignal'>;
  readonly http: Pick<HttpConnection, 'nextEvent' | 'sendInformational'>;
  readonly driver: Pick<Driver, 'write' | 'flushSoon' | 'clock'>;
  readonly phases: Pick<Phases, 'readBody' | 'setHandlerDeadline'>;
  /** Once it is made, it calls `onClientGone` when the client has sent FIN, or the connection is lost. */
  readonly clientWatch: { readonly isGone: boolean };
  readonly isSwitched: boolean;
  switchProtocol(head: RequestHead, options?: UpgradeOptions): Promise<Switched>;
  waitUntil(work: Promise<unknown>): void;
}

export class Exchange implements RequestOrigin, BodySource, HandlerContext, ExchangeFacts {
  readonly #owner: ExchangeOwner;
  readonly #head: RequestHead;
  #body: Body | undefined;
  #controller: AbortController | undefined;
  /** The context in which the signal was first read: that of its listeners. */
  #signalScope: AsyncScope | undefined;
  #trailers: Headers | undefined;
  #isBodyDone = false;
  #awaitsContinue: boolean;
  #isOver = false;
  /** Whether a read of the request's body is pending. */
  isReading = false;
  /** What must live as long as the exchange. */
  kept: unknown;
  /** See `HttpRequest.route`. */
  route: string | undefined;
  /** Bytes of the request's body that were read. */
  bytesIn = 0;
  /** The error of a reader that found the body longer than its limit. */
  limitError: LimitError | undefined;
  /** Bytes of the response's body that were written. */
  bytesOut = 0;
  /** The status of the response; 0 before. */
  status = 0;
  startedAt = -1;
  answeredAt = -1;
  trace: ServerRequestTracer | undefined;

  constructor(owner: ExchangeOwner, head: RequestHead) {
    this.#owner = owner;
    this.#head = head;
    this.#awaitsContinue = head.expectsContinue;
  }

  get head(): RequestHead {
    return this.#head;
  }

  // --- For the request -----------------------------------------------------------------------------------------

  get connectionId(): number {
    return this.#owner.id;
  }

  get remoteAddress(): Address | undefined {
    return this.#owner.remoteAddress;
  }

  get body(): Body {
    this.#body ??= bodyOf(this);
    return this.#body;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      this.#signalScope = new AsyncScope();
      if (!this.#isOver && this.#owner.clientWatch.isGone) this.onClientGone();
    }
    return this.#controller.signal;
  }

  get readForm(): typeof readWholeForm {
    return readWholeForm;
  }

  // --- For the body --------------------------------------------------------------------------------------------

  get bodyLength(): number | undefined {
    return this.#head.contentLength;
  }

  get trailers(): Headers | undefined {
    return this.#trailers;
  }

  get clock(): Clock {
    return this.#owner.driver.clock;
  }

  tryNextPiece(): Data | null | WouldBlock {
    return this.#isOver ? null : this.#pull();
  }

  #pull(): Data | null | WouldBlock {
    if (this.#isBodyDone) return null;
    const event = this.#owner.http.nextEvent();
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
        'body: it was read after the answer was complete; read it before the handler returns',
        'ERR_HTTP_BODY_GONE',
      );
    }
    for (;;) {
      const piece = this.tryNextPiece();
      if (piece !== WOULD_BLOCK) return piece === null ? null : piece.bytes;
      this.sendContinue();
      this.isReading = true;
      try {
        await this.#owner.phases.readBody();
      } finally {
        this.isReading = false;
      }
    }
  }

  abandon(cause?: LimitError): void {
    this.limitError = cause;
  }

  // --- For the handler -----------------------------------------------------------------------------------------

  informational(status: number, headers?: HeadersInput): void {
    checkInformational(status);
    this.#checkRunning('informational');
    if (status === 100) this.#awaitsContinue = false;
    const { driver, http } = this.#owner;
    driver.write(http.sendInformational(status, headers));
    driver.flushSoon();
  }

  upgrade(options?: UpgradeOptions): Promise<Switched> {
    return charged(this, () => {
      this.#checkRunning('upgrade');
      return this.#owner.switchProtocol(this.#head, options);
    });
  }

  get isUpgraded(): boolean {
    return this.#owner.isSwitched;
  }

  get isDraining(): boolean {
    return this.#owner.runtime.isDraining;
  }

  get drainSignal(): AbortSignal {
    return this.#owner.runtime.drainSignal;
  }

  get isEncrypted(): boolean {
    return this.#owner.isEncrypted;
  }

  get proxyHeader(): ProxyHeader | undefined {
    return this.#owner.proxyHeader;
  }

  setDeadline(milliseconds: number): void {
    if (!(typeof milliseconds === 'number' && milliseconds >= 0)) {
      throw invalidInput('setDeadline', 'milliseconds', 'a number from 0', milliseconds);
    }
    if (!this.#isOver) this.#owner.phases.setHandlerDeadline(milliseconds);
  }

  waitUntil(work: Promise<unknown>): void {
    if (!isThenable(work)) throw invalidInput('waitUntil', 'work', 'a promise', work);
    this.#owner.waitUntil(work);
  }

  /** A context that was kept must not act on the connection's next request. */
  #checkRunning(operation: string): void {
    if (!this.#isOver) return;
    throw new LocalProtocolError(
      `${operation}: the answer to this request is complete`,
      'ERR_HTTP_STATE',
    );
  }

  // --- For the connection --------------------------------------------------------------------------------------

  /** Whether the whole request was received and read. */
  get isRequestRead(): boolean {
    return this.#isBodyDone;
  }

  /** Whether a reader of the body has begun. */
  get isBodyUsed(): boolean {
    return this.#body?.isUsed === true;
  }

  /** Whether the client waits for `100 Continue` before it sends the body. */
  get awaitsContinue(): boolean {
    return this.#awaitsContinue;
  }

  /** Sends `100 Continue`, if the client waits for it. */
  sendContinue(): void {
    if (!this.#awaitsContinue) return;
    this.#awaitsContinue = false;
    this.#owner.driver.write(this.#owner.http.sendInformational(100, undefined));
  }

  /** Drops what was received of the rest of the request; whether that was all of it. */
  skipBuffered(): boolean {
    if (this.#isBodyDone) return true;
    for (;;) {
      const piece = this.#pull();
      if (piece === null) return true;
      if (piece === WOULD_BLOCK) return false;
    }
  }

  /** Reads and drops the rest of the request, up to a number of bytes; whether that was all of it. */
  async skipRest(limit: number): Promise<boolean> {
    const start = this.bytesIn;
    while (this.bytesIn - start <= limit) {
      await this.#owner.phases.readBody();
      if (this.skipBuffered()) return true;
    }
    return false;
  }

  onClientGone(): void {
    this.abort(
      new ClientGoneError('serve: the client closed the connection before the answer was complete'),
    );
  }

  abort(reason: unknown): void {
    if (!this.#isOver) this.#signalScope?.run(abort, this.#controller as AbortController, reason);
  }

  /** Whether an error is the abort of the request's signal: its reason, or what a scope or Node's APIs make of it. */
  isAbort(error: unknown): boolean {
    const signal = this.#controller?.signal;
    if (signal?.aborted !== true) return false;
    return error === signal.reason || isAbortError(error, signal.reason);
  }

  /** The response is complete, or never will be: the signal does not abort from now on. */
  finish(): void {
    this.#isOver = true;
  }
}
