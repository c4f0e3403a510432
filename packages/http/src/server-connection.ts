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
import { RateAllowance, StallWatch } from './deadlines.ts';
import { Driver } from './driver.ts';
import { ClientGoneError, Exchange, HandlerDeadline } from './exchange.ts';
import { HttpConnection } from './protocol/connection.ts';
import { HttpProblem } from './problem.ts';
import { RemoteProtocolError, type ProtocolError } from './protocol/errors.ts';
import { NEED_DATA, PAUSED, type RequestHead } from './protocol/events.ts';
import type { FieldList } from './protocol/fields.ts';
import { readProxyHeader, type ProxyHeader } from './proxy-header.ts';
import { State } from './protocol/state.ts';
import { HttpRequest } from './request.ts';
import { HttpResponse } from './response.ts';
import { refusal } from './response-refusal.ts';
import { GoneWatch, sendBody } from './send-body.ts';
import type { ConnectionEnd } from './server-events.ts';
import type { ServerShared } from './server-shared.ts';

/** What a switch of protocols gives the handler. */
export interface Switched {
  /** The connection, the handler's from now on: to be closed by it. */
  readonly stream: ByteStream;
}

/** What the connection waits for. */
type Phase =
  | 'first-byte'
  | 'idle'
  | 'headers'
  | 'handler'
  | 'body'
  | 'write'
  /** The answer is made, and the client has not taken all of it yet. */
  | 'flush'
  | 'linger';

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
  /** What this request's handler asked for instead of the server's deadline. */
  #handlerLimit: number | undefined;
  #reason: ConnectionEnd = 'server';
  #bodyRate: RateAllowance | undefined;
  #isSwitched = false;
  #isPeerWatched = false;
  #isPeerGone = false;
  #goneWatch: GoneWatch | undefined;
  #stallWatch: StallWatch | undefined;
  /** Requests answered on this connection. */
  answered = 0;
  /** When it opened, on the server's clock. */
  readonly openedAt: number;
  /** Counts the server's connections from 1. */
  readonly id: number;
  /** What the proxy in front said. */
  proxyHeader: ProxyHeader | undefined;

  constructor(stream: ByteStream, shared: ServerShared) {
    this.stream = stream;
    this.#shared = shared;
    this.http = new HttpConnection('server', shared.limits);
    this.driver = new Driver(stream, this.http, shared.clock);
    this.#deadline = new Deadline(shared.wheel, this);
    this.openedAt = shared.clock.now();
    shared.observer.opened += 1;
    this.id = shared.observer.opened;
  }

  /** The client's address: behind a trusted proxy, the one that it named. */
  get remoteAddress(): Address | undefined {
    return this.proxyHeader?.source ?? this.#peerAddress;
  }

  get isEncrypted(): boolean {
    return (this.stream as { readonly isEncrypted?: boolean }).isEncrypted === true;
  }

  get isDraining(): boolean {
    return this.#shared.isDraining;
  }

  /** Why the connection ended, when it has. */
  get end(): { readonly reason: ConnectionEnd; readonly deadline: string | undefined } {
    const deadline = this.#expired === undefined ? undefined : DEADLINE_OF[this.#expired];
    if (deadline === undefined || this.#reason === 'shutdown') {
      return { reason: this.#reason, deadline: undefined };
    }
    return { reason: this.#expired === 'idle' ? 'idle' : 'deadline', deadline };
  }

  /** Whether no request is being received, handled or answered. */
  get isIdle(): boolean {
    const phase = this.#phase;
    const isBetween = phase === 'first-byte' || phase === 'idle' || phase === 'flush';
    return isBetween && this.#exchange === undefined && this.http.isIdle;
  }

  /** Whether the client has never sent a byte. */
  get isFresh(): boolean {
    return this.driver.bytesIn === 0 && this.answered === 0;
  }

  get #peerAddress(): Address | undefined {
    return (this.stream as { readonly remoteAddress?: Address }).remoteAddress;
  }

  /** Reads what a proxy says before it passes requests on; whether requests may follow. */
  async #greetProxy(): Promise<boolean> {
    try {
      const timeout = this.#shared.deadlines.firstByte;
      const header = await readProxyHeader(this.stream, { timeout });
      this.proxyHeader = header ?? undefined;
      if (header === null) this.#reason = 'client';
      return header !== null;
    } catch (error) {
      this.#reason = error instanceof TimeoutError ? 'deadline' : 'refused';
      const code = (error as { readonly code?: string }).code ?? '';
      this.#shared.observer.turnedAway(this.id, String(this.#peerAddress ?? ''), 0, code);
      this.stream.reset(error);
      return false;
    }
  }

  // --- The loop ------------------------------------------------------------------------------------------------

  /**
   * The connection's life. Never rejects: what fails is told to the server.
   *
   * One function with one await for the next bytes: each further one that waits for another is a frame, two promises and
   * four closures that an idle connection keeps, and one more turn through the queue of reactions for each request.
   */
  async run(): Promise<void> {
    const { deadlines } = this.#shared;
    try {
      if (this.#shared.isProxy(this.#peerAddress) && !(await this.#greetProxy())) return;
      this.#wait('first-byte', deadlines.firstByte);
      this.#reason = 'client';
      for (;;) {
        const event = this.http.nextEvent();
        if (event === NEED_DATA) {
          const blocked = this.driver.flush();
          if (blocked !== undefined) await this.whileWriting(blocked);
          if ((await this.driver.read()) === null) this.http.receiveEnd();
          if (this.#phase !== 'headers' && this.http.isInHead) {
            this.#wait('headers', deadlines.headers);
          }
          continue;
        }
        if (event === PAUSED || event.type !== 'request') return;
        const handled = this.#begin(event);
        if (handled !== undefined) await handled;
        const goesOn = this.#finish();
        if (goesOn === false || (goesOn !== true && !(await goesOn))) return;
      }
    } catch (error) {
      await this.#fail(error);
    } finally {
      this.#exchange?.abort(new IoError('the connection has ended', GONE));
      this.#exchange?.finish();
      if (this.#isSwitched) {
        this.#deadline.remove();
        await this.stream.closed;
      } else await this.#close();
      this.#shared.ended(this);
    }
  }

  /** A request came; a promise when its answer has to be waited for. */
  #begin(head: RequestHead): Promise<void> | undefined {
    this.#reason = 'server';
    this.#handlerLimit = undefined;
    this.#exchange = new Exchange(this, head);
    return this.#handle(this.#exchange);
  }

  /** A request was answered; whether another may follow, or a promise of that. */
  #finish(): boolean | Promise<boolean> {
    const exchange = this.#exchange as Exchange;
    exchange.finish();
    this.answered += 1;
    this.#exchange = undefined;
    this.#bodyRate = undefined;
    // After `Connection: close`, or a failure, nothing follows that would have to be read.
    if (this.#isSwitched || this.http.serverState !== State.DONE) return false;
    try {
      return exchange.skipBuffered() ? this.#next() : this.#finishLater(exchange);
    } catch (error) {
      return isRestWrong(error);
    }
  }

  async #finishLater(exchange: Exchange): Promise<boolean> {
    try {
      return (await this.#drain(exchange)) && this.#next();
    } catch (error) {
      return isRestWrong(error);
    }
  }

  /** Begins the next cycle, if there is one. */
  #next(): boolean {
    if (!this.http.isCycleDone) return false;
    this.http.startNextCycle();
    this.#reason = 'client';
    if (this.http.hasEvent) return true;
    if (this.http.isInHead) this.#wait('headers', this.#shared.deadlines.headers);
    else this.#wait('idle', this.#shared.idleTimeout);
    return true;
  }

  /** The loop failed: what the client did wrong is answered, what the program did wrong is told. */
  async #fail(error: unknown): Promise<void> {
    let failure = error;
    if (error instanceof RemoteProtocolError) {
      try {
        await this.#refuse(error);
        return;
      } catch (later) {
        failure = later;
      }
    }
    if (this.#reason !== 'shutdown') this.#reason = 'broken';
    // The peer's going is the most ordinary end of a connection, and nobody's error.
    if (!(failure instanceof IoError)) this.#shared.report(failure, undefined);
  }

  // A handler that answers at once, with a body that is there, is the most common request and the one whose time counts:
  // for it none of the following functions makes a promise.

  /** Has a request handled and answered; a promise when there is something to wait for. */
  #handle(exchange: Exchange): Promise<void> | undefined {
    const shared = this.#shared;
    if (!shared.hasRoom) return this.#shed(exchange);
    shared.observer.requestStarted(exchange);
    this.#wait('handler', shared.deadlines.handler);
    let result;
    try {
      result = shared.handler(new HttpRequest(exchange.head, exchange), exchange);
    } catch (error) {
      return this.#handlerFailed(exchange, error);
    }
    if (result instanceof HttpResponse) return this.#respond(exchange, result);
    return this.#handleLater(exchange, result);
  }

  async #handleLater(
    exchange: Exchange,
    result: Promise<HttpResponse | void> | void,
  ): Promise<void> {
    // Answers to requests before this one do not wait for its handler.
    if (this.driver.gathered > 0) this.driver.flushSoon();
    let response;
    try {
      response = await this.#guarded(result);
      if (!this.#isSwitched && !(response instanceof HttpResponse)) {
        throw new TypeError('expected the handler to return an HttpResponse, got something else');
      }
    } catch (error) {
      await this.#handlerFailed(exchange, error);
      return;
    }
    await this.#respond(exchange, response as HttpResponse);
  }

  #handlerFailed(exchange: Exchange, error: unknown): Promise<void> | undefined {
    if (!this.#isSwitched) return this.#respond(exchange, this.#answerFor(error, exchange));
    const { observer } = this.#shared;
    this.#shared.report(error, exchange);
    observer.requestFinished(exchange, switchStatus(exchange.head), false);
    // Nobody else knows of the stream, as far as can be told.
    this.stream.reset(error);
    return undefined;
  }

  #respond(exchange: Exchange, response: HttpResponse): Promise<void> | undefined {
    const { observer } = this.#shared;
    if (this.#isSwitched) {
      observer.requestFinished(exchange, switchStatus(exchange.head), true);
      return undefined;
    }
    observer.responseStarted(exchange);
    const answered = this.#answer(exchange, response);
    if (answered !== undefined) return this.#whenAnswered(exchange, answered);
    observer.requestFinished(exchange, exchange.status, true);
    return undefined;
  }

  async #whenAnswered(exchange: Exchange, answered: Promise<void>): Promise<void> {
    let isComplete = false;
    try {
      await answered;
      isComplete = true;
    } finally {
      this.#shared.observer.requestFinished(exchange, exchange.status, isComplete);
    }
  }

  /** Answers at once that there is too much to do. */
  #shed(exchange: Exchange): Promise<void> | undefined {
    const { observer, retryAfter } = this.#shared;
    observer.turnedAway(this.id, String(this.remoteAddress ?? ''), 503, 'ERR_HTTP_OVERLOADED');
    return this.#answer(exchange, refusal(503, ['Retry-After', String(retryAfter)]));
  }

  #guarded(result: Promise<HttpResponse | void> | void): Promise<HttpResponse | void> | void {
    if (this.#shared.deadlines.handler === Infinity && this.#handlerLimit === undefined) {
      return result;
    }
    this.#handlerDeadline = new HandlerDeadline();
    return this.#handlerDeadline.guard(Promise.resolve(result));
  }

  setHandlerDeadline(milliseconds: number): void {
    this.#handlerLimit = milliseconds;
    if (this.#phase === 'handler') this.#deadline.set(milliseconds);
  }

  /** What to answer when a handler failed: the client's fault is told to the client, the program's to the program. */
  #answerFor(error: unknown, exchange: Exchange): HttpResponse {
    exchange.abort(error);
    if (error instanceof HttpProblem) return HttpResponse.problem(error);
    if (error instanceof RemoteProtocolError) return refusal(error.statusHint);
    if (error instanceof LimitError && error.limitName === 'limit') return refusal(413);
    if (this.#expired === 'body') return refusal(408);
    if (!this.#isPeersGoing(error)) this.#shared.report(error, exchange);
    return refusal(error instanceof TimeoutError && error.operation === 'handler' ? 503 : 500);
  }

  /** Whether a failure is only how the program heard of the peer's going, which is nobody's error. */
  #isPeersGoing(error: unknown): boolean {
    return error instanceof ClientGoneError || (error instanceof IoError && this.stream.isClosed);
  }

  /** Sends an answer; a promise when the caller has to wait for the program, or for the client to take it. */
  #answer(exchange: Exchange, given: HttpResponse): Promise<void> | undefined {
    const shared = this.#shared;
    this.#deadline.clear();
    // RFC 9110 section 9.3.6: 2xx would make a tunnel of the connection, which only `upgrade` does.
    const isTunnel = exchange.head.method === 'CONNECT' && given.status < 300;
    const response = isTunnel ? refusal(501) : given;
    exchange.status = response.status;
    const { isStreamed } = response;
    // A client that still waits for leave to send, or has much left to send, is told that the connection ends.
    // The body of a streamed answer may come from the request's, as an echo's does.
    if (isStreamed) exchange.payContinue();
    const isUnread =
      !isStreamed && !exchange.isRequestRead && !exchange.isBodyUsed && this.#hasMuchLeft(exchange);
    let blocked;
    try {
      blocked = sendBody(this, response, {
        date: shared.date.toString(),
        close:
          response.close ||
          isUnread ||
          shared.isDraining ||
          shared.isLastRequest(this.answered + 1),
      });
    } catch (error) {
      return this.#answerFailed(exchange, error);
    }
    if (blocked === undefined) return undefined;
    // A streamed answer also waits for the program, and says itself when it waits for the client.
    return this.#finishAnswer(exchange, isStreamed ? blocked : this.whileWriting(blocked));
  }

  async #finishAnswer(exchange: Exchange, blocked: Promise<void>): Promise<void> {
    try {
      await blocked;
    } catch (error) {
      await this.#answerFailed(exchange, error);
    }
  }

  #answerFailed(exchange: Exchange, error: unknown): Promise<void> | undefined {
    if (!this.#isPeersGoing(error)) this.#shared.report(error, exchange);
    // An answer that is wrong in itself was refused before any of it was sent.
    if (this.http.serverState === State.SEND_RESPONSE) {
      return this.#answer(exchange, refusal(500));
    }
    this.http.sendFailed();
    // The head is out: only cutting the connection tells the client that the rest will not come.
    this.stream.reset(error);
    return Promise.reject(new IoError('the answer could not be completed', GONE));
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

  countOut(bytes: number): void {
    if (this.#exchange !== undefined) this.#exchange.bytesOut += bytes;
  }

  // --- For exchanges -------------------------------------------------------------------------------------------

  /** Waits for more of a body, at no less than the minimum rate. */
  async fillBody(): Promise<void> {
    const { deadlines, clock } = this.#shared;
    const blocked = this.driver.flush();
    if (blocked !== undefined) await this.whileWriting(blocked);
    this.#bodyRate ??= new RateAllowance(deadlines.bodyGrace, deadlines.bodyMinRate);
    const phase = this.#phase;
    const left = this.#left;
    const rate = this.#bodyRate;
    this.#wait('body', rate.left);
    const before = this.driver.bytesIn;
    const start = clock.now();
    if ((await this.driver.read()) === null) this.http.receiveEnd();
    rate.count(clock.now() - start, this.driver.bytesIn - before);
    if (this.#expired === 'body') throw new TimeoutError('body', deadlines.bodyGrace);
    this.#wait(phase, left);
  }

  /** Tells the exchange when the peer has finished, or the connection is gone: one wait for all exchanges. */
  watchPeer(exchange: Exchange): void {
    if (this.#isPeerGone) exchange.onPeerGone();
    if (this.#isPeerWatched) return;
    this.#isPeerWatched = true;
    void this.stream.readClosed().then(() => {
      this.#isPeerGone = true;
      this.#exchange?.onPeerGone();
    });
  }

  /** Ends the waits for a program's pieces when the connection is gone. */
  get goneWatch(): GoneWatch {
    this.#goneWatch ??= new GoneWatch(this.stream);
    return this.#goneWatch;
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
        status: switchStatus(head),
        fields,
        length: undefined,
        date: this.#shared.date.toString(),
      }),
    );
    this.#isSwitched = true;
    this.#reason = 'upgraded';
    this.#deadline.clear();
    await this.driver.flush();
    return { stream: this.stream };
  }

  /** Waits for a write that found no room; a peer that takes nothing for too long is cut. */
  async whileWriting(blocked: Promise<void>): Promise<void> {
    const phase = this.#phase;
    const left = this.#left;
    this.#waitForTaking('write');
    try {
      await blocked;
    } finally {
      this.#stallWatch?.end();
    }
    this.#wait(phase, left);
  }

  // --- Deadlines -----------------------------------------------------------------------------------------------

  #wait(phase: Phase, milliseconds: number): void {
    this.#phase = phase;
    this.#deadline.set(milliseconds);
  }

  /** Waits for the peer to take what was written. */
  #waitForTaking(phase: 'write' | 'flush'): void {
    this.#stallWatch ??= new StallWatch(this.stream, this.#shared.clock);
    this.#stallWatch.begin();
    this.#wait(phase, this.#shared.deadlines.writeStall);
  }

  /** How long the present phase may go on, for a phase that another one puts off. */
  get #left(): number {
    const { at } = this.#deadline;
    return at === Infinity ? Infinity : at - this.#shared.clock.now();
  }

  onDeadline(): void {
    const phase = this.#phase;
    if (this.#isStillTaking(phase)) return;
    // The last wait ends nothing that has not ended before.
    if (phase !== 'linger') this.#expired = phase;
    switch (phase) {
      case 'handler':
        this.#handlerDeadline?.expire(this.#handlerLimit ?? this.#shared.deadlines.handler);
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
      case 'linger':
        void this.stream.close();
        break;
      case 'write':
      case 'flush':
        this.stream.reset(new TimeoutError('write', this.#shared.deadlines.writeStall));
        break;
    }
  }

  /** Gives a client that takes its answer, however slowly, more time; whether it does. */
  #isStillTaking(phase: Phase): boolean {
    const { deadlines, idleTimeout } = this.#shared;
    const hasUnsent = phase !== 'write' && this.stream.statistics().unsent > 0;
    if (phase === 'idle' && hasUnsent) {
      this.#waitForTaking('flush');
      return true;
    }
    if (phase === 'flush' && !hasUnsent) {
      // Only now the client has its answer, and the connection idles.
      this.#stallWatch?.end();
      this.#wait('idle', idleTimeout);
      return true;
    }
    if (phase !== 'write' && phase !== 'flush') return false;
    const left = this.#stallWatch?.left(deadlines.writeStall) ?? 0;
    if (left > 0) this.#deadline.set(left);
    return left > 0;
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
    this.#reason = 'refused';
    this.#shared.observer.turnedAway(this.id, String(this.remoteAddress ?? ''), status, error.code);
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
    if (!this.isIdle) return;
    this.#reason = 'shutdown';
    void this.stream.close();
  }

  /** The server's patience has ended. */
  cut(): void {
    this.#reason = 'shutdown';
    this.#exchange?.abort(new IoError('the server is shutting down', GONE));
    this.stream.reset(new IoError('the server is shutting down', GONE));
  }

  async #close(): Promise<void> {
    try {
      const blocked = this.driver.flush();
      if (blocked !== undefined) await this.whileWriting(blocked);
      if (this.answered > 0 || this.http.serverState !== State.IDLE) {
        // What still comes is taken and dropped: a reset for unread bytes could destroy the answer on its way.
        await this.stream.shutdown('read');
        await this.whileWriting(this.stream.shutdown('write'));
        this.#wait('linger', this.#shared.deadlines.linger);
        await this.stream.closed;
      }
    } catch {
      // The peer was faster.
    }
    this.#deadline.remove();
    await this.stream.close();
  }
}

/** The deadlines by the names that `ServerDeadlines` gives them; lingering ends nothing that has not ended. */
const DEADLINE_OF: Readonly<Record<Phase, string | undefined>> = {
  'first-byte': 'firstByte',
  idle: 'idle',
  headers: 'headers',
  handler: undefined,
  body: 'bodyMinRate',
  write: 'writeStall',
  flush: 'writeStall',
  linger: undefined,
};

/** A request that has its answer: what is wrong with the rest of it only ends the connection. */
function isRestWrong(error: unknown): false {
  if (error instanceof RemoteProtocolError) return false;
  throw error;
}

/** What says that the connection goes on in another protocol (RFC 9110 sections 9.3.6 and 15.2.2). */
function switchStatus(head: RequestHead): number {
  return head.method === 'CONNECT' ? 200 : 101;
}

const GONE = { code: 'ERR_HTTP_CONNECTION_ENDED', operation: 'serve' };
