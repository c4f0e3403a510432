/**
 * One connection of a server, from its first byte to its last: reads a request, has it handled and answered, decides
 * whether another one may follow.
 *
 * Requests on a connection are handled one after another, in order, also when they came in one packet (decision 0007).
 * When a deadline passes, the wait ends with the stream, or its reading, and `phases.expired` tells the loop why.
 */

import type { Address, ByteStream } from '@awaitio/core';
import { checkOptions } from '@awaitio/core/lowlevel';
import type { AsyncScope, StreamFinisher, TaskLease } from '@awaitio/core/lowlevel';
import { Driver } from '../driver/driver.ts';
import { StepLoop, type Next } from '../driver/step-loop.ts';
import type { Switched, UpgradeOptions } from '../message/handler.ts';
import { HttpConnection } from '../protocol/connection.ts';
import { State } from '../protocol/state.ts';
import { NEED_DATA, PAUSED, type RequestHead } from '../protocol/vocabulary/events.ts';
import type { ProxyHeader } from '../proxy-protocol/header.ts';
import type { ConnectionEnd } from './events.ts';
import { Exchange, type ExchangeOwner } from './exchange.ts';
import { ended, endedByPeer, endFailed, finishSent, lingeringClose } from './lingering-close.ts';
import type { ConnectionView } from '../observing/servers.ts';
import type { ConnectionFacts } from './observer.ts';
import { Phases } from './phases.ts';
import { DRAIN_LIMIT, handle, type Responder } from './respond.ts';
import type { ServerRuntime } from './runtime.ts';
import { ClientWatch } from './sending/client-watch.ts';
import { switchStatus, UPGRADE_OPTIONS, watchDrain, writeSwitch } from './upgrade.ts';

export class ServerConnection
  extends StepLoop
  implements ExchangeOwner, Responder, ConnectionFacts, ConnectionView, StreamFinisher
{
  older: ServerConnection | undefined;
  newer: ServerConnection | undefined;
  readonly stream: ByteStream;
  readonly http: HttpConnection;
  readonly driver: Driver;
  readonly runtime: ServerRuntime;
  readonly phases: Phases;
  /** The context of its requests; the connection itself runs no code of the program outside of it. */
  scope: AsyncScope;
  exchange: Exchange | undefined;
  #reason: ConnectionEnd = 'server';
  #isSwitched = false;
  #clientWatch: ClientWatch | undefined;
  answered = 0;
  /** Why its loop failed. */
  loopFailure: unknown;
  readonly openedAt: number;
  readonly id: number;
  proxyHeader: ProxyHeader | undefined;
  /** Its task, which ends with it. */
  readonly task: TaskLease | undefined;

  constructor(stream: ByteStream, runtime: ServerRuntime, task?: TaskLease, scope?: AsyncScope) {
    super();
    this.stream = stream;
    this.runtime = runtime;
    this.scope = scope ?? runtime.scope;
    this.task = task;
    this.http = new HttpConnection('server', runtime.limits);
    this.driver = new Driver(stream, this.http, runtime.clock);
    this.phases = new Phases(this.driver, runtime);
    this.openedAt = runtime.clock.now();
    runtime.observer.opened += 1;
    this.id = runtime.observer.opened;
  }

  /** The client's address: behind a trusted proxy, the one in its header. */
  get remoteAddress(): Address | undefined {
    return this.proxyHeader?.source ?? this.#peerAddress;
  }

  get isEncrypted(): boolean {
    return (this.stream as { readonly isEncrypted?: boolean }).isEncrypted === true;
  }

  /** Why the connection ended, when it has. */
  get end(): { readonly reason: ConnectionEnd; readonly deadline: string | undefined } {
    const deadline =
      this.#clientWatch?.isExpired === true ? 'halfClosed' : this.phases.expiredDeadline;
    if (deadline === undefined || this.#reason === 'shutdown') {
      return { reason: this.#reason, deadline: undefined };
    }
    return { reason: this.phases.expired === 'idle' ? 'idle' : 'deadline', deadline };
  }

  /** Whether no request is being received, handled or answered. */
  get isIdle(): boolean {
    return this.phases.isBetween && this.exchange === undefined && this.http.isIdle;
  }

  /** As {@link isIdle}, or with a part of a head. */
  get isWaiting(): boolean {
    return this.phases.isBeforeRequest && this.exchange === undefined;
  }

  /** Whether the client has never sent a byte. */
  get isFresh(): boolean {
    return this.driver.bytesIn === 0 && this.answered === 0;
  }

  get #peerAddress(): Address | undefined {
    return (this.stream as { readonly remoteAddress?: Address }).remoteAddress;
  }

  // --- The loop ------------------------------------------------------------------------------------------------

  /** Begins the connection's life: a step for each thing that it waits for. Errors go to `onError`. */
  run(): void {
    if (this.runtime.isProxy(this.#peerAddress)) void this.#runBehindProxy();
    else this.#begin();
  }

  #begin(): void {
    this.phases.wait('first-byte', this.runtime.headTimeout('firstByte'));
    this.#reason = 'client';
    this.step(0);
  }

  async #runBehindProxy(): Promise<void> {
    const { header, reason } = await this.runtime.readProxyHeader(this, this.#peerAddress);
    this.proxyHeader = header;
    this.#reason = reason;
    if (header === undefined) await this.#leave();
    else this.#begin();
  }

  protected advance(value: unknown): Next {
    if (value === null) this.http.receiveEnd();
    return value === false ? undefined : this.#advance();
  }

  protected onLoopEnd(failure: { readonly error: unknown } | undefined): void {
    const isAnswered = failure === undefined && this.exchange === undefined && !this.#isSwitched;
    if (!isAnswered || !finishSent(this, this)) void this.#leave(failure);
  }

  onStreamClosed(): void {
    this.phases.end();
    this.#end();
  }

  /**
   * Does what needs no wait, and returns what to wait for then: bytes (`null` at their end), room to write, a response,
   * the rest of a request (`false` when nothing may follow it). `undefined` is the end of the connection.
   */
  #advance(): Next {
    for (;;) {
      if (this.exchange !== undefined) {
        const goesOn = this.#finish(this.exchange);
        if (goesOn !== true) return goesOn === false ? undefined : goesOn;
      }
      const event = this.http.nextEvent();
      if (event === NEED_DATA) return this.#moreData();
      if (event === PAUSED || event.type !== 'request') return undefined;
      this.#reason = 'server';
      this.exchange = new Exchange(this, event);
      const handled = this.scope.run(handle, this, this.exchange);
      if (handled !== undefined) return handled;
    }
  }

  #moreData(): Next {
    if (this.phases.now !== 'headers' && this.http.isInHead) {
      this.phases.wait('headers', this.runtime.headTimeout('headers'));
    }
    const blocked = this.driver.flush();
    if (blocked !== undefined) return this.phases.withWriteDeadline(blocked);
    return this.readOn();
  }

  /** A request was answered; whether another may follow, or a promise of that. */
  #finish(exchange: Exchange): boolean | Promise<boolean> {
    exchange.finish();
    this.answered += 1;
    this.exchange = undefined;
    this.phases.endRequest();
    // After `Connection: close`, or a failure, nothing follows that would have to be read.
    if (this.#isSwitched || this.http.serverState !== State.DONE) return false;
    // A reader that was left waiting would take the bytes of the next request.
    if (exchange.isReading) return false;
    try {
      return exchange.skipBuffered() ? this.#next() : this.#finishLater(exchange);
    } catch (error) {
      return endedByPeer(error);
    }
  }

  async #finishLater(exchange: Exchange): Promise<boolean> {
    // A client that still waits for `100 Continue` may send the body, or not.
    if (exchange.awaitsContinue || this.stream.isClosed) return false;
    try {
      return (await exchange.skipRest(DRAIN_LIMIT)) && this.#next();
    } catch (error) {
      return endedByPeer(error);
    }
  }

  /** Begins the next cycle, if there is one. */
  #next(): boolean {
    if (!this.http.isCycleDone) return false;
    this.http.startNextCycle();
    this.#reason = 'client';
    if (this.http.hasEvent) return true;
    if (this.http.isInHead) this.phases.wait('headers', this.runtime.headTimeout('headers'));
    else this.phases.wait('idle', this.runtime.idleTimeout);
    if (this.runtime.hasManyConnections) this.http.releaseBuffers();
    return true;
  }

  async #leave(failure?: { readonly error: unknown }): Promise<void> {
    if (failure !== undefined) {
      this.loopFailure = failure.error;
      const reason = await endFailed(this, failure.error);
      if (this.#reason !== 'shutdown') this.#reason = reason ?? this.#reason;
    }
    try {
      this.exchange?.abort(ended('the connection has ended'));
      this.exchange?.finish();
      if (this.#isSwitched) {
        this.phases.end();
        await this.stream.closed;
      } else await lingeringClose(this);
    } catch (error) {
      this.stream.reset(error);
      this.runtime.report(error, undefined);
    } finally {
      this.#end();
    }
  }

  #end(): void {
    this.task?.release();
    this.runtime.ended(this);
    this.settleOver();
  }

  // --- For exchanges and responses -----------------------------------------------------------------------------

  get isSwitched(): boolean {
    return this.#isSwitched;
  }

  countOut(bytes: number): void {
    if (this.exchange !== undefined) this.exchange.bytesOut += bytes;
  }

  get clientWatch(): ClientWatch {
    this.#clientWatch ??= this.scope.run(() => {
      const { wheel, deadlines } = this.runtime;
      return new ClientWatch(this.stream, wheel, deadlines.halfClosed, () => {
        this.exchange?.onClientGone();
      });
    });
    return this.#clientWatch;
  }

  waitUntil(work: Promise<unknown>): void {
    this.runtime.waitUntil(work, this.exchange);
  }

  async switchProtocol(head: RequestHead, options: UpgradeOptions = {}): Promise<Switched> {
    checkOptions('upgrade', options, UPGRADE_OPTIONS);
    await writeSwitch(this, head, options);
    this.exchange?.trace?.finished(switchStatus(head), true);
    this.#isSwitched = true;
    this.#reason = 'upgraded';
    this.phases.clearDeadline();
    if (options.onDrain !== undefined) watchDrain(this, options.onDrain);
    await this.driver.flush();
    this.http.releaseBuffers();
    return { stream: this.stream };
  }

  // --- For the shutdown ----------------------------------------------------------------------------------------

  /** A busy connection closes after its current response. */
  closeIfIdle(): void {
    if (!this.isWaiting) return;
    this.#reason = 'shutdown';
    void this.stream.close();
  }

  /** Aborts the current request and resets the connection. */
  abort(): void {
    this.#reason = 'shutdown';
    const reason = ended('the server is shutting down');
    this.exchange?.abort(reason);
    this.stream.reset(reason);
  }
}
