/**
 * One connection of a client: sends a request, receives its response, one after another.
 *
 * The connection belongs to a pool, which hears when it is free again and when it is gone. While a request is on it, one
 * deadline runs for the present phase, and one abort registration; either ends the stream, and with it whatever waits,
 * and `#failure` says why.
 *
 * The file is long because a request's phases hand over to each other here; what a response reads is in `client-incoming.ts`.
 */

import {
  BrokenError,
  TimeoutError,
  WOULD_BLOCK,
  type ByteStream,
  type Clock,
  type WouldBlock,
} from '@awaitio/core';
import {
  Deadline,
  watchAbort,
  type AbortRegistration,
  type AbortWatcher,
  type DeadlineOwner,
  type DeadlineWheel,
} from '@awaitio/core/lowlevel';
import { Incoming, type IncomingOwner } from './incoming-response.ts';
import type { ClientDeadlines } from './options.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import { RequestSender, type SenderOwner } from './request-sender.ts';
import { Driver } from '../driver/driver.ts';
import { StallWatch } from '../driver/stall-watch.ts';
import { HttpConnection } from '../protocol/connection.ts';
import { NEED_DATA, type Data, type ResponseHead } from '../protocol/vocabulary/events.ts';
import type { ProtocolLimits } from '../protocol/vocabulary/limits.ts';

/** Who hears of a connection's being free, or gone. */
export interface ConnectionOwner {
  onFree(connection: ClientConnection): void;
  onGone(connection: ClientConnection): void;
}

/** What connections of one client share. */
export interface ClientShared {
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly deadlines: ClientDeadlines;
  readonly limits: ProtocolLimits;
}

export class ClientConnection implements DeadlineOwner, AbortWatcher, IncomingOwner, SenderOwner {
  readonly #stream: ByteStream;
  readonly #http: HttpConnection;
  readonly #driver: Driver;
  readonly #sender: RequestSender;
  readonly #shared: ClientShared;
  readonly #owner: ConnectionOwner;
  readonly #deadline: Deadline;
  #phase: 'headers' | 'body' | 'idle' = 'idle';
  #registration: AbortRegistration | undefined;
  /** The response that is under way. */
  #incoming: Incoming | undefined;
  #failure: { readonly reason: unknown } | undefined;
  #isGone = false;
  /** Requests that were sent on it. */
  served = 0;
  /** Whether a byte of the present response has come. */
  #bytesBefore = 0;
  /** Notes when the server last took some of a request that is too long to be taken at once. */
  #sendingWatch: StallWatch | undefined;

  constructor(stream: ByteStream, shared: ClientShared, owner: ConnectionOwner) {
    this.#stream = stream;
    this.#shared = shared;
    this.#owner = owner;
    this.#http = new HttpConnection('client', shared.limits);
    this.#driver = new Driver(stream, this.#http, shared.clock);
    this.#sender = new RequestSender(this.#driver, this, shared.deadlines.expectContinue);
    this.#deadline = new Deadline(shared.wheel, this);
    // A server that ends an idle connection is followed at once, so that none is left half-open.
    void this.#watchEnd();
  }

  /** Whether a request may be sent on it: nothing has come that nobody asked for, not even the end. */
  get isReusable(): boolean {
    return !this.#isGone && !this.#stream.isReadable;
  }

  /** Whether anything of the present response has come. */
  get hasAnswered(): boolean {
    return this.#driver.bytesIn > this.#bytesBefore;
  }

  /**
   * Sends a request and waits for the head of its response.
   *
   * @throws the connection's errors, `TimeoutError`, the signal's reason; the connection is gone then.
   */
  async exchange(request: OutgoingRequest): Promise<Incoming> {
    this.served += 1;
    this.#bytesBefore = this.#driver.bytesIn;
    const incoming = new Incoming(this);
    this.#incoming = incoming;
    const { signal } = request;
    if (signal !== undefined) this.#registration = watchAbort(signal, this);
    try {
      this.#sender.send(request, incoming);
      this.#wait('headers', this.#shared.deadlines.headers);
      incoming.head = await this.#receiveHead(request);
      this.#endSending();
      // Who was to wait for leave to send the body, and is answered instead, does not send it.
      this.#sender.settleLeave(false);
      // A deadline runs while somebody waits for the body, and not while its reader takes its time.
      this.#wait('body', Infinity);
      this.#takeBuffered(incoming);
      return incoming;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  // --- The response's body -------------------------------------------------------------------------------------

  /** Takes what has come of a response's body. */
  pull(incoming: Incoming): Data | null | WouldBlock {
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
    incoming.isComplete = true;
    this.#complete();
    return null;
  }

  /** Waits for more of the body. */
  async readBody(): Promise<void> {
    this.#wait('body', this.#shared.deadlines.body);
    try {
      if ((await this.#driver.read()) === null) this.#http.receiveEnd();
    } catch (error) {
      throw this.#fail(error);
    }
    this.#deadline.clear();
  }

  discard(): void {
    void this.#fail(
      new BrokenError('the response was discarded', {
        code: 'ERR_HTTP_DISCARDED',
        operation: 'discard',
      }),
    );
  }

  /** Closes the connection: an unused one in peace; what waits on a used one fails. */
  close(): void {
    if (this.#phase === 'idle') this.#end();
    void this.#fail(
      new BrokenError('the client was closed', {
        code: 'ERR_HTTP_CLIENT_CLOSED',
        operation: 'close',
      }),
    );
  }

  takeStream(): ByteStream {
    this.#leavePool();
    return this.#stream;
  }

  // --- For sending ---------------------------------------------------------------------------------------------

  get isGone(): boolean {
    return this.#isGone;
  }

  later(callback: () => void, milliseconds: number): () => void {
    const timer = this.#shared.clock.setTimer(callback, milliseconds);
    return () => {
      timer.cancel();
    };
  }

  onSending(): void {
    this.#sendingWatch = new StallWatch(this.#stream, this.#shared.clock);
    this.#sendingWatch.begin();
  }

  onPause(): void {
    if (this.#phase === 'headers') this.#deadline.clear();
  }

  onResume(): void {
    if (this.#phase === 'headers') this.#wait('headers', this.#shared.deadlines.headers);
  }

  onBodyFailure(error: unknown): void {
    void this.#fail(error);
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
      if (typeof event === 'symbol' || event.type === 'closed') throw ended();
      if (event.type === 'informational') {
        if (event.status === 100) this.#sender.settleLeave(true);
        request.onInformational?.(event.status, event.headers);
      } else if (event.type === 'response') return event;
    }
  }

  /** Takes what has come with the head: a response that is whole lets its connection go at once. */
  #takeBuffered(incoming: Incoming): void {
    for (;;) {
      const piece = this.pull(incoming);
      if (piece === WOULD_BLOCK || piece === null) return;
      incoming.pushEarly(piece);
    }
  }

  /** The response is whole: the connection is free, or ends. */
  #complete(): void {
    this.#letGo();
    if (this.#http.isSwitched) {
      this.#deadline.clear();
      return;
    }
    if (!this.#http.isCycleDone || !this.isReusable) {
      this.#end();
      return;
    }
    this.#http.startNextCycle();
    this.#wait('idle', this.#shared.deadlines.idle);
    this.#owner.onFree(this);
  }

  // --- The end -------------------------------------------------------------------------------------------------

  #wait(phase: 'headers' | 'body' | 'idle', milliseconds: number): void {
    this.#phase = phase;
    this.#deadline.set(milliseconds);
  }

  onDeadline(): void {
    const phase = this.#phase;
    const left =
      phase === 'headers' ? (this.#sendingWatch?.left(this.#shared.deadlines.headers) ?? 0) : 0;
    if (left > 0) {
      this.#deadline.set(left);
      return;
    }
    if (phase === 'idle') this.#end();
    else void this.#fail(new TimeoutError(phase, this.#shared.deadlines[phase]));
  }

  onAbort(reason: unknown): void {
    this.#registration = undefined;
    void this.#fail(reason);
  }

  /** Breaks the connection off; returns the reason that counts, which is the first one. */
  #fail(reason: unknown): unknown {
    this.#failure ??= { reason };
    if (!this.#isGone) {
      this.#stream.reset(this.#failure.reason);
      this.#leavePool();
    }
    return this.#failure.reason;
  }

  /** Closes the connection in peace. */
  #end(): void {
    if (this.#isGone) return;
    this.#leavePool();
    void this.#stream.close();
  }

  #leavePool(): void {
    this.#isGone = true;
    this.#sender.settleLeave(false);
    this.#endSending();
    this.#letGo();
    this.#deadline.remove();
    this.#owner.onGone(this);
  }

  /** The request is over, one way or the other. */
  #letGo(): void {
    this.#registration?.remove();
    this.#registration = undefined;
    this.#incoming?.over();
    this.#incoming = undefined;
  }

  async #watchEnd(): Promise<void> {
    await this.#stream.readClosed();
    if (this.#phase === 'idle') this.#end();
  }
}

function ended(): BrokenError {
  return new BrokenError('the server closed the connection before it answered', {
    code: 'ECONNRESET',
    operation: 'request',
  });
}
