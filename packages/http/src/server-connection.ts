/**
 * One connection of a server, from its first byte to its last: read a request, have it handled, answer, decide whether
 * another one follows.
 *
 * Requests on a connection are handled one after another, in order, also when they came in one packet (decision 0007).
 * One deadline runs at a time, for what the connection waits for now; when it passes, the wait is ended by ending the
 * stream's reading, or the stream, and the loop finds out why by looking at `#expired`.
 *
 * How it ends: after `Connection: close`, after a refusal, or when the peer has finished, this side says FIN, waits a
 * bounded time for the peer's (so that an answer is not destroyed by a reset for bytes that nobody reads), and closes.
 */

import {
  Deadline,
  IoError,
  LimitError,
  TimeoutError,
  type Address,
  type ByteStream,
  type DeadlineOwner,
} from '@awaitio/core';
import { RateAllowance } from './deadlines.ts';
import { Driver } from './driver.ts';
import { Exchange, HandlerDeadline } from './exchange.ts';
import { HttpConnection } from './protocol/connection.ts';
import { HttpProblem } from './problem.ts';
import { ProtocolError, RemoteProtocolError } from './protocol/errors.ts';
import { NEED_DATA, PAUSED, type RequestHead } from './protocol/events.ts';
import type { FieldList } from './protocol/fields.ts';
import { State } from './protocol/state.ts';
import { HttpRequest } from './request.ts';
import { HttpResponse } from './response.ts';
import { refusal } from './response-refusal.ts';
import { sendBody } from './send-body.ts';
import type { ServerShared } from './server-shared.ts';

/** What a switch of protocols gives the handler. */
export interface Switched {
  /** The connection, the handler's from now on: to be closed by it. */
  readonly stream: ByteStream;
}

/** What the connection waits for. */
type Phase = 'first-byte' | 'idle' | 'headers' | 'handler' | 'body' | 'write' | 'linger';

/** Unread bytes of a request's body that are taken to keep the connection (Go's net/http: 256 KiB). */
const DRAIN_LIMIT = 262_144;

export class ServerConnection implements DeadlineOwner {
  readonly stream: ByteStream;
  readonly http: HttpConnection;
  readonly driver: Driver;
  readonly #shared: ServerShared;
  readonly #deadline: Deadline;
  #phase: Phase = 'first-byte';
  #expired: Phase | undefined;
  #exchange: Exchange | undefined;
  #handlerDeadline: HandlerDeadline | undefined;
  #bodyRate: RateAllowance | undefined;
  #isSwitched = false;
  /** What the stream had written when a write began to wait: less progress than none is a stall. */
  #sentAtStall = 0;
  /** Requests answered on this connection. */
  answered = 0;

  constructor(stream: ByteStream, shared: ServerShared) {
    this.stream = stream;
    this.#shared = shared;
    this.http = new HttpConnection('server', shared.limits);
    this.driver = new Driver(stream, this.http, shared.clock);
    this.#deadline = new Deadline(shared.wheel, this);
  }

  get remoteAddress(): Address | undefined {
    return (this.stream as { readonly remoteAddress?: Address }).remoteAddress;
  }

  /** Whether no request is being received, handled or answered. */
  get isIdle(): boolean {
    return this.#exchange === undefined && (this.#phase === 'first-byte' || this.#phase === 'idle');
  }

  /** Whether the client has never sent a byte. */
  get isFresh(): boolean {
    return this.driver.bytesIn === 0 && this.answered === 0;
  }

  /** The connection's life. Never rejects: what fails is told to the server. */
  async run(): Promise<void> {
    try {
      await this.#serve();
    } catch (error) {
      // The peer's going is the most ordinary end of a connection, and nobody's error.
      if (!(error instanceof IoError)) this.#shared.report(error, undefined);
    } finally {
      this.#exchange?.abort(new IoError('the connection has ended', GONE));
      this.#exchange?.finish();
      if (this.#isSwitched) this.#deadline.remove();
      else await this.#close();
    }
    if (this.#isSwitched) await this.stream.closed;
  }

  // --- The loop ------------------------------------------------------------------------------------------------

  async #serve(): Promise<void> {
    const { deadlines } = this.#shared;
    this.#wait('first-byte', deadlines.firstByte);
    for (;;) {
      const head = await this.#nextHead();
      if (head === undefined) return;
      const exchange = new Exchange(this, head);
      this.#exchange = exchange;
      await this.#handle(exchange);
      exchange.finish();
      this.answered += 1;
      this.#exchange = undefined;
      if (this.#isSwitched) return;
      if (!exchange.skipBuffered() && !(await this.#drain(exchange))) return;
      if (!this.http.isCycleDone) return;
      this.http.startNextCycle();
      if (!this.http.hasEvent) this.#wait('idle', deadlines.idle);
    }
  }

  /** The next request's head; `undefined` when there is none any more, or it was refused. */
  async #nextHead(): Promise<RequestHead | undefined> {
    for (;;) {
      let event;
      try {
        event = this.http.nextEvent();
      } catch (error) {
        await this.#refuse(error as RemoteProtocolError);
        return undefined;
      }
      if (event === PAUSED) return undefined;
      if (event !== NEED_DATA) return event.type === 'request' ? event : undefined;
      await this.driver.fill();
      if (this.#phase !== 'headers' && this.http.isInHead) {
        this.#wait('headers', this.#shared.deadlines.headers);
      }
    }
  }

  async #handle(exchange: Exchange): Promise<void> {
    const shared = this.#shared;
    shared.started(exchange);
    this.#wait('handler', shared.deadlines.handler);
    let response: HttpResponse | void;
    try {
      const result = shared.handler(new HttpRequest(exchange.head, exchange), exchange);
      if (result instanceof Promise) {
        // Answers to requests before this one do not wait for its handler.
        if (this.driver.gathered > 0) this.driver.flushSoon();
        response = await this.#guarded(result);
      } else response = result;
      if (this.#isSwitched) return;
      if (!(response instanceof HttpResponse)) {
        throw new TypeError('expected the handler to return an HttpResponse, got something else');
      }
    } catch (error) {
      if (this.#isSwitched) {
        shared.report(error, exchange);
        return;
      }
      response = this.#answerFor(error, exchange);
    }
    await this.#answer(exchange, response);
  }

  #guarded(result: Promise<HttpResponse | void>): Promise<HttpResponse | void> {
    if (this.#shared.deadlines.handler === Infinity) return result;
    this.#handlerDeadline = new HandlerDeadline();
    return this.#handlerDeadline.guard(result);
  }

  /** What to answer when a handler failed: the client's fault is told to the client, the program's to the program. */
  #answerFor(error: unknown, exchange: Exchange): HttpResponse {
    exchange.abort(error);
    if (error instanceof HttpProblem) return error.toResponse();
    if (error instanceof RemoteProtocolError) return refusal(error.statusHint);
    if (error instanceof LimitError && error.limitName === 'limit') return refusal(413);
    if (this.#expired === 'body') return refusal(408);
    this.#shared.report(error, exchange);
    return refusal(error instanceof TimeoutError && error.operation === 'handler' ? 503 : 500);
  }

  async #answer(exchange: Exchange, response: HttpResponse): Promise<void> {
    const shared = this.#shared;
    // A client that still waits for leave to send, or has much left to send, is told that the connection ends.
    // The body of a streamed answer may come from the request's, as an echo's does.
    if (response.isStreamed) exchange.payContinue();
    const isUnread =
      !response.isStreamed &&
      !exchange.isRequestRead &&
      !exchange.isBodyUsed &&
      this.#hasMuchLeft(exchange);
    try {
      const blocked = sendBody(this, response, {
        date: shared.date.toString(),
        close:
          response.close ||
          isUnread ||
          shared.isDraining ||
          shared.isLastRequest(this.answered + 1),
      });
      if (blocked !== undefined) await this.whileWriting(blocked);
    } catch (error) {
      this.http.sendFailed();
      shared.report(error, exchange);
      // The head is out: only cutting the connection tells the client that the rest will not come.
      if (!(error instanceof IoError)) this.stream.reset(error);
      throw error instanceof IoError
        ? error
        : new IoError('the answer could not be completed', GONE);
    } finally {
      shared.finished(exchange, response);
    }
  }

  #hasMuchLeft(exchange: Exchange): boolean {
    if (exchange.owesContinue) return true;
    return (exchange.head.contentLength ?? 0) > DRAIN_LIMIT;
  }

  /** Takes the rest of a request that nobody read, within bounds; whether the connection can go on. */
  async #drain(exchange: Exchange): Promise<boolean> {
    if (exchange.owesContinue || this.stream.isClosed) return false;
    const start = exchange.bytesIn;
    while (exchange.bytesIn - start <= DRAIN_LIMIT) {
      await this.fillBody();
      if (exchange.skipBuffered()) return true;
    }
    return false;
  }

  // --- For exchanges -------------------------------------------------------------------------------------------

  /** Waits for more of a body, at no less than the minimum rate. */
  async fillBody(): Promise<void> {
    const { deadlines, clock } = this.#shared;
    this.#bodyRate ??= new RateAllowance(deadlines.bodyGrace, deadlines.bodyMinRate);
    const phase = this.#phase;
    const rate = this.#bodyRate;
    this.#wait('body', rate.left);
    const before = this.driver.bytesIn;
    const start = clock.now();
    await this.driver.fill();
    rate.count(clock.now() - start, this.driver.bytesIn - before);
    if (this.#expired === 'body') throw new TimeoutError('body', deadlines.bodyGrace);
    this.#wait(phase, phase === 'handler' ? deadlines.handler : Infinity);
  }

  whenPeerGone(callback: () => void): void {
    this.stream.readClosed().then(callback, () => {});
  }

  waitUntil(work: Promise<unknown>): void {
    this.#shared.waitUntil(work, this.#exchange);
  }

  async switchProtocol(head: RequestHead, fields: FieldList): Promise<Switched> {
    while (this.http.clientState === State.SEND_BODY) {
      if (this.http.nextEvent() === NEED_DATA) await this.driver.fill();
    }
    this.driver.write(
      this.http.sendResponse({
        status: head.method === 'CONNECT' ? 200 : 101,
        fields,
        length: undefined,
        date: this.#shared.date.toString(),
      }),
    );
    this.#isSwitched = true;
    this.#deadline.clear();
    await this.driver.flush();
    return { stream: this.stream };
  }

  /** Waits for a write that found no room; a peer that takes nothing for too long is cut. */
  async whileWriting(blocked: Promise<void>): Promise<void> {
    this.#sentAtStall = this.#sent;
    const phase = this.#phase;
    this.#wait('write', this.#shared.deadlines.writeStall);
    await blocked;
    this.#wait(phase, Infinity);
  }

  get #sent(): number {
    const { bytesWritten, unsent } = this.stream.statistics();
    return bytesWritten - unsent;
  }

  // --- Deadlines -----------------------------------------------------------------------------------------------

  #wait(phase: Phase, milliseconds: number): void {
    this.#phase = phase;
    this.#deadline.set(milliseconds);
  }

  onDeadline(): void {
    const phase = this.#phase;
    if (phase === 'write' && this.#sent > this.#sentAtStall) {
      this.#sentAtStall = this.#sent;
      this.#deadline.set(this.#shared.deadlines.writeStall);
      return;
    }
    this.#expired = phase;
    switch (phase) {
      case 'handler':
        this.#handlerDeadline?.expire(this.#shared.deadlines.handler);
        break;
      case 'headers':
      case 'body':
        // The read that waits ends, and what still comes is dropped; writing an answer goes on.
        void this.stream.shutdown('read');
        break;
      case 'first-byte':
      case 'idle':
        void this.stream.close();
        break;
      case 'write':
      case 'linger':
        this.stream.reset(new TimeoutError(phase, this.#shared.deadlines.writeStall));
        break;
    }
  }

  // --- The end -------------------------------------------------------------------------------------------------

  /** Answers what cannot be handled. */
  async #refuse(error: ProtocolError): Promise<void> {
    if (this.http.serverState !== State.IDLE && this.http.serverState !== State.SEND_RESPONSE)
      return;
    const hint = error instanceof RemoteProtocolError ? error.statusHint : 400;
    const status = this.#expired === 'headers' ? 408 : hint;
    // A client that left before it had said anything is not worth an answer.
    if (error.code === 'ERR_HTTP_TRUNCATED' && this.#expired === undefined && this.stream.isClosed)
      return;
    this.#shared.refused(status, error, this);
    const response = refusal(status);
    this.driver.write(
      this.http.sendResponse({
        status,
        fields: response.fields,
        length: (response.body as string).length,
        date: this.#shared.date.toString(),
        close: true,
      }),
    );
    this.driver.write(response.body as string);
    await this.driver.flush();
  }

  /** The server is shutting down: an idle connection ends now, a busy one with its present answer. */
  drainNow(): void {
    if (this.isIdle) void this.stream.close();
  }

  /** The server's patience has ended. */
  cut(): void {
    this.#exchange?.abort(new IoError('the server is shutting down', GONE));
    this.stream.reset(new IoError('the server is shutting down', GONE));
  }

  async #close(): Promise<void> {
    try {
      const blocked = this.driver.flush();
      if (blocked !== undefined) await this.whileWriting(blocked);
      if (this.answered > 0 || this.http.serverState !== State.IDLE) {
        this.#wait('linger', this.#shared.deadlines.linger);
        await this.stream.shutdown('read');
        await this.stream.shutdown('write');
        await this.stream.closed;
      }
    } catch {
      // The peer was faster.
    }
    this.#deadline.remove();
    await this.stream.close();
  }
}

const GONE = { code: 'ERR_HTTP_CONNECTION_ENDED', operation: 'serve' };
