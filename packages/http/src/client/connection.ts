/**
 * One connection of a client: one request and its response after another.
 *
 * The connection belongs to a pool, which is notified when it is free and when it is gone. A request has one deadline,
 * for its current phase, and one abort registration. When either fires, the stream is reset: every pending wait on it
 * fails, and `#failure` holds the reason.
 */

import { TimeoutError, WOULD_BLOCK, type ByteStream, type WouldBlock } from '@awaitio/core';
import {
  callContained,
  Deadline,
  watchAbort,
  type AbortRegistration,
  type AbortWatcher,
  type DeadlineOwner,
} from '@awaitio/core/lowlevel';
import { IncomingResponse, type IncomingOwner } from './incoming-response.ts';
import type { ClientShared } from './shared.ts';
import { clientClosed, discarded, endedEarly } from './connection-errors.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import { RequestSender, type SenderOwner } from './request-sender.ts';
import { Driver } from '../driver/driver.ts';
import { StallWatch } from '../driver/stall-watch.ts';
import { HttpConnection } from '../protocol/connection.ts';
import { NEED_DATA, type Data, type ResponseHead } from '../protocol/vocabulary/events.ts';

/** The pool, as its connections see it. */
export interface ConnectionOwner {
  onFree(connection: ClientConnection): void;
  onGone(connection: ClientConnection): void;
}

export class ClientConnection implements DeadlineOwner, AbortWatcher, IncomingOwner, SenderOwner {
  readonly #stream: ByteStream;
  readonly #http: HttpConnection;
  readonly #driver: Driver;
  readonly #sender: RequestSender;
  readonly #shared: ClientShared;
  readonly #owner: ConnectionOwner;
  readonly #deadline: Deadline;
  /** `gone`: closed, reset, or handed over after a switch of protocols; no phase follows. */
  #phase: 'idle' | 'headers' | 'body' | 'gone' = 'idle';
  #registration: AbortRegistration | undefined;
  /** The response in progress. */
  #incoming: IncomingResponse | undefined;
  #failure: { readonly reason: unknown } | undefined;
  /** How many requests were sent on it. */
  served = 0;
  /** `bytesIn` when the current request was sent. */
  #bytesBefore = 0;
  /** While a request that could not be written at once is sent: how the server takes it. */
  #sendingWatch: StallWatch | undefined;

  constructor(stream: ByteStream, shared: ClientShared, owner: ConnectionOwner) {
    this.#stream = stream;
    this.#shared = shared;
    this.#owner = owner;
    this.#http = new HttpConnection('client', shared.limits);
    this.#driver = new Driver(stream, this.#http, shared.clock);
    this.#sender = new RequestSender(this.#driver, this, shared.deadlines.expectContinue);
    this.#deadline = new Deadline(shared.wheel, this);
    // When the server ends an idle connection, this side closes it at once: none stays half-open.
    void this.#watchEnd();
  }

  /** Whether a request may be sent on it: open, with no unsolicited bytes and no EOF received. */
  get isReusable(): boolean {
    return this.#phase !== 'gone' && !this.#stream.isReadable;
  }

  /** Whether any byte of the current response was received. */
  get hasResponseBytes(): boolean {
    return this.#driver.bytesIn > this.#bytesBefore;
  }

  /**
   * Sends a request and waits for the head of its response.
   *
   * @throws The stream's errors; `RemoteProtocolError`; `TimeoutError`; the signal's reason. The connection is then gone.
   */
  async exchange(request: OutgoingRequest): Promise<IncomingResponse> {
    this.served += 1;
    this.#bytesBefore = this.#driver.bytesIn;
    const incoming = new IncomingResponse(this, this.#shared.clock);
    this.#incoming = incoming;
    const { signal } = request;
    if (signal !== undefined) this.#registration = watchAbort(signal, this);
    try {
      this.#sender.send(request, incoming);
      this.#enter('headers', this.#shared.deadlines.headers);
      incoming.head = await this.#receiveHead(request);
      this.#endSending();
      // A final response before `100 Continue` cancels the body.
      this.#sender.resolveContinue(false);
      // The body's deadline runs only while a reader waits for the next piece.
      this.#enter('body', Infinity);
      this.#takeBuffered(incoming);
      return incoming;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  // --- The response's body -------------------------------------------------------------------------------------

  /** Takes what has been received of the body. */
  pull(incoming: IncomingResponse): Data | null | WouldBlock {
    if (this.#failure !== undefined) throw this.#failure.reason;
    let event;
    try {
      event = this.#http.nextEvent();
    } catch (error) {
      throw this.#fail(error);
    }
    if (event === NEED_DATA) return WOULD_BLOCK;
    if (typeof event !== 'symbol') {
      if (event.type === 'data') return event;
      if (event.type === 'end') incoming.trailers = event.trailers;
    }
    this.#complete();
    return null;
  }

  /** Waits for more of the body. */
  async readBody(): Promise<void> {
    this.#enter('body', this.#shared.deadlines.body);
    try {
      if ((await this.#driver.read()) === null) this.#http.receiveEnd();
    } catch (error) {
      throw this.#fail(error);
    }
    this.#deadline.clear();
  }

  discard(): void {
    void this.#fail(discarded());
  }

  /** Closes the connection. Idle: gracefully. In use: its request fails. */
  close(): void {
    if (this.#phase === 'idle') this.#end();
    void this.#fail(clientClosed());
  }

  takeStream(): ByteStream {
    this.#detach();
    return this.#stream;
  }

  // --- Sending -------------------------------------------------------------------------------------------------

  get isGone(): boolean {
    return this.#phase === 'gone';
  }

  later(callback: () => void, milliseconds: number): () => void {
    const timer = this.#shared.clock.setTimer(callback, milliseconds);
    return () => {
      timer.cancel();
    };
  }

  onSending(): void {
    const { clock, sending } = this.#shared;
    this.#sendingWatch = new StallWatch(this.#stream, clock, sending);
    this.#sendingWatch.begin();
  }

  onPause(): void {
    this.#sendingWatch?.end();
    if (this.#phase === 'headers') this.#deadline.clear();
  }

  onResume(): void {
    if (this.#phase !== 'headers') return;
    this.#sendingWatch?.begin();
    this.#enter('headers', this.#shared.deadlines.headers);
  }

  /** The caller's body or `onInformational` failed, now or later. */
  onCallbackFailure(failure: unknown): void {
    void this.#fail(failure);
  }

  #endSending(): void {
    this.#sendingWatch?.end();
    this.#sendingWatch = undefined;
  }

  // --- Receiving -----------------------------------------------------------------------------------------------

  async #receiveHead(request: OutgoingRequest): Promise<ResponseHead> {
    for (;;) {
      const event = this.#http.nextEvent();
      if (event === NEED_DATA) {
        if ((await this.#driver.read()) === null) this.#http.receiveEnd();
        continue;
      }
      if (typeof event === 'symbol' || event.type === 'closed') throw endedEarly();
      if (event.type === 'informational') {
        if (event.status === 100) this.#sender.resolveContinue(true);
        const { onInformational } = request;
        if (onInformational === undefined) continue;
        callContained('onInformational', onInformational, event.status, event.headers, this);
        if (this.#failure !== undefined) throw this.#failure.reason;
      } else if (event.type === 'response') return event;
    }
  }

  /** Takes what was received with the head: a response that is already complete frees its connection at once. */
  #takeBuffered(incoming: IncomingResponse): void {
    for (;;) {
      const piece = this.pull(incoming);
      if (piece === WOULD_BLOCK || piece === null) return;
      incoming.pushEarly(piece);
    }
  }

  /** The response is complete: the connection becomes free, or is closed. */
  #complete(): void {
    this.#endRequest('complete');
    if (this.#http.isSwitched) {
      this.#deadline.clear();
      return;
    }
    if (!this.#http.isCycleDone || !this.isReusable) {
      this.#end();
      return;
    }
    this.#http.startNextCycle();
    this.#enter('idle', this.#shared.deadlines.idle);
    this.#owner.onFree(this);
  }

  // --- The end -------------------------------------------------------------------------------------------------

  #enter(phase: 'idle' | 'headers' | 'body', milliseconds: number): void {
    if (this.#phase === 'gone') return;
    this.#phase = phase;
    this.#deadline.set(milliseconds);
  }

  onDeadline(): void {
    const phase = this.#phase;
    if (phase === 'gone') return;
    const watch = phase === 'headers' ? this.#sendingWatch : undefined;
    if (watch !== undefined && watch.left > 0) this.#deadline.set(watch.left);
    else if (phase === 'idle') this.#end();
    else void this.#fail(new TimeoutError(phase, watch?.allowed ?? this.#shared.deadlines[phase]));
  }

  onAbort(reason: unknown): void {
    this.#registration = undefined;
    void this.#fail(reason);
  }

  /** Resets the connection. Returns the reason of its failure: the first one given. */
  #fail(reason: unknown): unknown {
    this.#failure ??= { reason };
    if (this.#phase !== 'gone') {
      this.#stream.reset(this.#failure.reason);
      this.#detach();
    }
    return this.#failure.reason;
  }

  /** Closes the connection gracefully. */
  #end(): void {
    if (this.#phase === 'gone') return;
    this.#detach();
    void this.#stream.close();
  }

  /** Ends everything that refers to the connection: its request, its deadline, its place in the pool. */
  #detach(): void {
    this.#phase = 'gone';
    this.#sender.resolveContinue(false);
    this.#endSending();
    this.#endRequest('failed');
    this.#deadline.remove();
    this.#owner.onGone(this);
  }

  #endRequest(outcome: 'complete' | 'failed'): void {
    this.#registration?.remove();
    this.#registration = undefined;
    this.#incoming?.settle(outcome);
    this.#incoming = undefined;
    this.#sender.stop(this.#failure?.reason);
  }

  async #watchEnd(): Promise<void> {
    await this.#stream.readClosed();
    if (this.#phase === 'idle') this.#end();
  }
}
