/**
 * One connection of a server, from its first byte to its last: read a request, have it handled, answer, decide whether
 * another one follows.
 *
 * Requests on a connection are handled one after another, in order, also when they came in one packet (decision 0007).
 * One deadline runs at a time, for what the connection waits for now; when it passes, the wait is ended by ending the
 * stream's reading, or the stream, and the loop finds out why by looking at `phases.expired`.
 *
 * How it ends: after `Connection: close`, after a refusal, or when the peer has finished, this side says FIN, waits a
 * bounded time for the peer's (so that an answer is not destroyed by a reset for bytes that nobody reads), and closes.
 *
 * Answers and deadlines have files of their own. What is left is one life from beginning to end, and is not cut further.
 */

import { IoError, TimeoutError, type Address, type ByteStream } from '@awaitio/core';
import type { TaskLease } from '@awaitio/core/lowlevel';
import { Driver } from '../driver/driver.ts';
import { Exchange } from './exchange.ts';
import { HttpConnection } from '../protocol/connection.ts';
import { RemoteProtocolError, type ProtocolError } from '../protocol/vocabulary/errors.ts';
import { NEED_DATA, PAUSED, type RequestHead } from '../protocol/vocabulary/events.ts';
import type { FieldList } from '../protocol/vocabulary/fields.ts';
import { readProxyHeader, type ProxyHeader } from '../proxy-protocol/read-header.ts';
import { State } from '../protocol/state.ts';
import { refusal } from '../message/error-response.ts';
import { GoneWatch } from './send-response.ts';
import { DRAIN_LIMIT, handle, switchStatus } from './respond.ts';
import type { ConnectionEnd } from './events.ts';
import { Phases } from './phases.ts';
import type { ServerShared } from './runtime.ts';

/** What a switch of protocols gives the handler. */
export interface Switched {
  /** The connection, the handler's from now on: to be closed by it. */
  readonly stream: ByteStream;
}

export class ServerConnection {
  readonly stream: ByteStream;
  readonly http: HttpConnection;
  readonly driver: Driver;
  readonly shared: ServerShared;
  readonly phases: Phases;
  #exchange: Exchange | undefined;
  #reason: ConnectionEnd = 'server';
  #isSwitched = false;
  #isPeerWatched = false;
  #isPeerGone = false;
  #goneWatch: GoneWatch | undefined;
  /** Requests answered on this connection. */
  answered = 0;
  /** When it opened, on the server's clock. */
  readonly openedAt: number;
  /** Counts the server's connections from 1. */
  readonly id: number;
  /** What the proxy in front said. */
  proxyHeader: ProxyHeader | undefined;
  /** Its task, which ends with it. */
  readonly #task: TaskLease;

  constructor(stream: ByteStream, shared: ServerShared, task: TaskLease) {
    this.stream = stream;
    this.shared = shared;
    this.#task = task;
    this.http = new HttpConnection('server', shared.limits);
    this.driver = new Driver(stream, this.http, shared.clock);
    this.phases = new Phases(this.driver, shared);
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
    return this.shared.isDraining;
  }

  /** Why the connection ended, when it has. */
  get end(): { readonly reason: ConnectionEnd; readonly deadline: string | undefined } {
    const deadline = this.phases.expiredDeadline;
    if (deadline === undefined || this.#reason === 'shutdown') {
      return { reason: this.#reason, deadline: undefined };
    }
    return { reason: this.phases.expired === 'idle' ? 'idle' : 'deadline', deadline };
  }

  /** Whether no request is being received, handled or answered. */
  get isIdle(): boolean {
    return this.phases.isBetween && this.#exchange === undefined && this.http.isIdle;
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
      const timeout = this.shared.deadlines.firstByte;
      const header = await readProxyHeader(this.stream, { timeout });
      this.proxyHeader = header ?? undefined;
      if (header === null) this.#reason = 'client';
      return header !== null;
    } catch (error) {
      this.#reason = error instanceof TimeoutError ? 'deadline' : 'refused';
      const code = (error as { readonly code?: string }).code ?? '';
      this.shared.observer.turnedAway(this.id, String(this.#peerAddress ?? ''), 0, code);
      this.stream.reset(error);
      return false;
    }
  }

  // --- The loop ------------------------------------------------------------------------------------------------

  /**
   * The connection's life. Never rejects: what fails is told to the server.
   *
   * One function with one await for whatever comes next: each further one that waits for another is a frame, two promises
   * and four closures that an idle connection keeps, and one more turn through the queue of reactions for each request.
   * What is not waiting is in functions of its own, since a frame keeps a place for every value that its function ever
   * computes.
   */
  async run(): Promise<void> {
    try {
      if (!this.shared.isProxy(this.#peerAddress) || (await this.#greetProxy())) {
        this.phases.wait('first-byte', this.shared.deadlines.firstByte);
        this.#reason = 'client';
        for (let next = this.#advance(); next !== undefined; next = this.#advance()) {
          const value = await next;
          if (value === false) break;
          if (value === null) this.http.receiveEnd();
        }
      }
    } catch (error) {
      await this.#fail(error);
    }
    await this.#leave();
  }

  /**
   * Does what can be done at once, and returns what to wait for then: bytes (`null` is the end of them), room to write, an
   * answer, the rest of a request (`false` when nothing may follow it). `undefined` is the end of the connection.
   */
  #advance(): Promise<unknown> | undefined {
    for (;;) {
      if (this.#exchange !== undefined) {
        const goesOn = this.#finish(this.#exchange);
        if (goesOn !== true) return goesOn === false ? undefined : goesOn;
      }
      const event = this.http.nextEvent();
      if (event === NEED_DATA) return this.#moreData();
      if (event === PAUSED || event.type !== 'request') return undefined;
      const handled = this.#begin(event);
      if (handled !== undefined) return handled;
    }
  }

  #moreData(): Promise<unknown> {
    if (this.phases.now !== 'headers' && this.http.isInHead) {
      this.phases.wait('headers', this.shared.deadlines.headers);
    }
    const blocked = this.driver.flush();
    return blocked === undefined ? this.driver.read() : this.phases.whileWriting(blocked);
  }

  async #leave(): Promise<void> {
    try {
      this.#exchange?.abort(new IoError('the connection has ended', GONE));
      this.#exchange?.finish();
      if (this.#isSwitched) {
        this.phases.end();
        await this.stream.closed;
      } else await this.#close();
    } catch (error) {
      this.stream.reset(error);
      this.shared.report(error, undefined);
    } finally {
      this.#task.release();
      this.shared.ended(this);
    }
  }

  /** A request came; a promise when its answer has to be waited for. */
  #begin(head: RequestHead): Promise<void> | undefined {
    this.#reason = 'server';
    this.#exchange = new Exchange(this, head);
    return handle(this, this.#exchange);
  }

  /** A request was answered; whether another may follow, or a promise of that. */
  #finish(exchange: Exchange): boolean | Promise<boolean> {
    exchange.finish();
    this.answered += 1;
    this.#exchange = undefined;
    this.phases.endRequest();
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
    if (this.http.isInHead) this.phases.wait('headers', this.shared.deadlines.headers);
    else this.#rest();
    return true;
  }

  /** Waits for a next request, which may never come. */
  #rest(): void {
    this.phases.wait('idle', this.shared.idleTimeout);
    if (this.shared.isCrowded) this.http.releaseBuffers();
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
    if (!(failure instanceof IoError)) this.shared.report(failure, undefined);
  }

  /** Takes the rest of a request that nobody read, within bounds; whether the connection can go on. */
  async #drain(exchange: Exchange): Promise<boolean> {
    if (exchange.owesContinue || this.stream.isClosed) return false;
    const start = exchange.bytesIn;
    while (exchange.bytesIn - start <= DRAIN_LIMIT) {
      await this.phases.readBody();
      if (exchange.skipBuffered()) return true;
    }
    return false;
  }

  // --- For exchanges and answers -------------------------------------------------------------------------------

  /** Whether the connection was handed over to another protocol. */
  get isSwitched(): boolean {
    return this.#isSwitched;
  }

  countOut(bytes: number): void {
    if (this.#exchange !== undefined) this.#exchange.bytesOut += bytes;
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
    this.shared.waitUntil(work, this.#exchange);
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
        date: this.shared.date.toString(),
      }),
    );
    this.#isSwitched = true;
    this.#reason = 'upgraded';
    this.phases.rest();
    await this.driver.flush();
    return { stream: this.stream };
  }

  // --- The end -------------------------------------------------------------------------------------------------

  /** Answers what cannot be handled. */
  async #refuse(error: ProtocolError): Promise<void> {
    if (this.http.serverState !== State.IDLE && this.http.serverState !== State.SEND_RESPONSE)
      return;
    const hint = error instanceof RemoteProtocolError ? error.statusHint : 400;
    const status = this.phases.expired === 'headers' ? 408 : hint;
    // A client that left before it had said anything is not worth an answer.
    if (
      error.code === 'ERR_HTTP_TRUNCATED' &&
      this.phases.expired === undefined &&
      this.stream.isClosed
    )
      return;
    this.#reason = 'refused';
    this.shared.observer.turnedAway(this.id, String(this.remoteAddress ?? ''), status, error.code);
    const response = refusal(status);
    this.driver.write(
      this.http.sendResponse({
        status,
        fields: response.fields,
        length: (response.body as string).length,
        date: this.shared.date.toString(),
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
      if (blocked !== undefined) await this.phases.whileWriting(blocked);
      if (this.answered > 0 || this.http.serverState !== State.IDLE) {
        // What still comes is taken and dropped: a reset for unread bytes could destroy the answer on its way.
        const { stream, phases } = this;
        await stream.shutdown('read');
        const finished = stream.shutdown('write');
        // A stall is watched for only where there is one.
        if (!stream.isReleased) await phases.whileWriting(finished);
        phases.wait('linger', this.shared.deadlines.linger);
        await finished;
        await stream.closed;
      }
    } catch {
      // The peer was faster.
    }
    this.phases.end();
    await this.stream.close();
  }
}

/** A request that has its answer: what is wrong with the rest of it only ends the connection. */
function isRestWrong(error: unknown): false {
  if (error instanceof RemoteProtocolError) return false;
  throw error;
}

const GONE = { code: 'ERR_HTTP_CONNECTION_ENDED', operation: 'serve' };
