/**
 * One connection of a client: one request and its response after another.
 *
 * The connection belongs to a pool, which is notified when it is free and when it is gone. A request has one deadline,
 * for its current phase, and one abort registration. When either fires, the stream is reset: every pending wait on it
 * fails, and `#failure` holds the reason.
 */

import { BrokenError, type ByteStream, type WouldBlock } from '@awaitio/core';
import {
  Deadline,
  watchAbort,
  type AbortRegistration,
  type AbortWatcher,
  type DeadlineOwner,
} from '@awaitio/core/lowlevel';
import { IncomingResponse, type IncomingOwner } from './incoming-response.ts';
import type { ClientShared } from './shared.ts';
import { closedInUse, discarded, phaseEnded, sentOnce } from './connection-errors.ts';
import { IdleTime, REST } from './keep-alive.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import { RequestSender, type SenderOwner } from './request-sender.ts';
import { READ_ON_LIMIT, ResponseReceiver, type ReceiverOwner } from './response-receiver.ts';
import { Driver } from '../../driver/driver.ts';
import { StallWatch } from '../../driver/stall-watch.ts';
import { HttpConnection } from '../../protocol/connection.ts';
import type { Data, ResponseHead } from '../../protocol/vocabulary/events.ts';

/** The pool, as its connections see it. `onServerEnd`: the server has ended one that was, or had been, idle for so many milliseconds. */
export interface ConnectionOwner {
  onFree(connection: ClientConnection): void;
  onGone(connection: ClientConnection): void;
  onServerEnd(idleFor: number): void;
}

export class ClientConnection
  implements DeadlineOwner, AbortWatcher, IncomingOwner, SenderOwner, ReceiverOwner
{
  readonly #stream: ByteStream;
  readonly #http: HttpConnection;
  readonly #driver: Driver;
  readonly #sender: RequestSender;
  readonly #receiver: ResponseReceiver;
  readonly #shared: ClientShared;
  readonly #owner: ConnectionOwner;
  readonly #deadline: Deadline;
  /** `gone`: closed, reset, or handed over after a switch of protocols; no phase follows. */
  #phase: 'idle' | 'headers' | 'body' | 'gone' = 'idle';
  #registration: AbortRegistration | undefined;
  /** The response in progress. */
  #incoming: IncomingResponse | undefined;
  failure: { readonly reason: unknown } | undefined;
  /** Since the last response. When it rests, its stream does not keep the process alive. */
  readonly idle: IdleTime;
  /** The head of the last response, for its `Keep-Alive`. */
  #lastHead: ResponseHead | undefined;
  /** Whether no reader has asked for the body yet. */
  #isUnread = false;
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
    this.idle = new IdleTime(shared.wheel, shared.deadlines);
    this.#http = new HttpConnection('client', shared.limits);
    this.#driver = new Driver(stream, this.#http, shared.clock);
    this.#sender = new RequestSender(this.#driver, this, shared.deadlines.expectContinue);
    this.#receiver = new ResponseReceiver(this.#driver, this, shared.maxInformational);
    this.#deadline = new Deadline(shared.wheel, this);
    // When the server ends an idle connection, this side closes it at once: none stays half-open.
    void this.#watchEnd();
  }

  /** Whether a request may be sent on it: open, with no unsolicited bytes or EOF, not idle for too long: the deadline may be late. */
  get isReusable(): boolean {
    return this.#phase !== 'gone' && !this.#stream.isReadable && !this.idle.isOver;
  }

  /** Settles when its stream is gone. */
  get closed(): Promise<unknown> {
    return this.#stream.closed;
  }

  /** What its request waits for. */
  get holds(): string {
    return this.#phase;
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
    const { deadlines } = this.#shared;
    this.served += 1;
    this.#bytesBefore = this.#driver.bytesIn;
    const idleFor = this.idle.length;
    if (this.idle.end()) this.#stream.ref();
    const incoming = new IncomingResponse(this, this.#shared.clock, request.progress);
    this.#incoming = incoming;
    if (request.signal !== undefined) this.#registration = watchAbort(request.signal, this);
    try {
      this.#sender.send(request, incoming);
      this.#enter('headers', deadlines.headers);
      incoming.head = await this.#receiver.receiveHead(request, incoming);
      this.#lastHead = incoming.head;
      request.progress.phase = 'body';
      this.#sendingWatch?.end();
      this.#sendingWatch = undefined;
      // A final response before `100 Continue` cancels the body. The body's deadline runs only while a reader waits for a piece.
      this.#sender.resolveContinue(false);
      this.#enter('body', Infinity);
      this.#receiver.takeBuffered(incoming);
      if (incoming.isReceiving && (incoming.bodyLength ?? 0) <= READ_ON_LIMIT) {
        this.#isUnread = true;
        this.#deadline.set(REST);
      }
      return incoming;
    } catch (error) {
      // The server may have ended it while it was idle, before the request arrived.
      const isStale = this.served > 1 && this.failure === undefined && !this.hasResponseBytes;
      if (isStale && error instanceof BrokenError) this.#owner.onServerEnd(idleFor);
      throw this.fail(this.hasResponseBytes ? error : sentOnce(error, request.progress));
    }
  }

  pull(incoming: IncomingResponse): Data | null | WouldBlock {
    return this.#receiver.pull(incoming);
  }

  readBody(): Promise<void> {
    return this.#receiver.readBody();
  }

  onContinue(): void {
    this.#sender.resolveContinue(true);
  }

  onReadBegin(): void {
    this.#isUnread = false;
    this.#enter('body', this.#shared.deadlines.body);
  }

  onReadEnd(): void {
    this.#deadline.clear();
  }

  discard(): void {
    void this.fail(discarded());
  }

  /** Idle: gracefully. In use: its request fails. */
  close(): void {
    if (this.#phase === 'idle') this.#endIdle();
    void this.fail(closedInUse());
  }

  takeStream(): ByteStream {
    this.#detach();
    return this.#stream;
  }

  get isGone(): boolean {
    return this.#phase === 'gone';
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

  onCallbackFailure(failure: unknown): void {
    void this.fail(failure);
  }

  /** The response is complete: the connection becomes free, or is closed. */
  onComplete(): void {
    const isSending = this.#sender.isSending;
    this.#endRequest('complete');
    if (this.#http.isSwitched) this.#deadline.clear();
    else if (isSending) {
      // RFC 9112 section 9.5: it stops at once. Nothing of the response can be lost: all of it is here.
      this.#stream.reset();
      this.#detach();
    } else if (this.#http.isCycleDone) this.#becomeIdle();
    else this.#end();
  }

  #becomeIdle(): void {
    this.#http.startNextCycle();
    this.#enter('idle', REST);
    const mayIdle = this.idle.begin(this.#deadline.at - REST, this.#lastHead?.headers);
    if (mayIdle && this.isReusable) this.#owner.onFree(this);
    else this.#endIdle();
  }

  /** It was not used for a moment: it stops keeping the process alive, and gets the time that it may idle. Then it ends. */
  #rest(): void {
    const left = this.idle.rest();
    this.#stream.unref();
    if (left > 0) this.#deadline.set(left);
    else this.#end();
  }

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
    else if (phase === 'body' && this.#isUnread && this.#incoming !== undefined) {
      void this.#receiver.readOn(this.#incoming);
    } else if (phase === 'idle') this.#rest();
    else void this.fail(phaseEnded(this.#stream, phase, watch, this.#shared.deadlines));
  }

  onAbort(reason: unknown): void {
    this.#registration = undefined;
    void this.fail(reason);
  }

  /** Resets the connection. Returns the reason of its failure: the first one given. */
  fail(reason: unknown): unknown {
    if (this.failure === undefined) {
      this.failure = { reason };
      this.#incoming?.progress.describe(reason);
    }
    if (this.#phase !== 'gone') {
      this.#stream.reset(this.failure.reason);
      this.#detach();
    }
    return this.failure.reason;
  }

  #end(): void {
    if (this.#phase === 'gone') return;
    this.#detach();
    void this.#stream.close();
  }

  /** Ends everything that refers to the connection: its request, its deadline, its place in the pool. */
  #detach(): void {
    this.#phase = 'gone';
    this.#sender.resolveContinue(false);
    this.#sendingWatch?.end();
    this.#endRequest('failed');
    this.#deadline.remove();
    this.#owner.onGone(this);
  }

  #endRequest(outcome: 'complete' | 'failed'): void {
    this.#registration?.remove();
    this.#registration = undefined;
    this.#incoming?.settle(outcome, this.failure?.reason);
    this.#incoming = undefined;
    this.#sender.stop(this.failure?.reason);
  }

  /** It is idle. @param isEnded - Whether its server has ended it */
  #endIdle(isEnded = this.#stream.isReadable): void {
    if (isEnded) this.#owner.onServerEnd(this.idle.length);
    this.#end();
  }

  async #watchEnd(): Promise<void> {
    await this.#stream.readClosed();
    if (this.#phase === 'idle') this.#endIdle(true);
  }
}
