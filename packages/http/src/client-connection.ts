/**
 * One connection of a client: sends a request, receives its response, one after another.
 *
 * The connection belongs to a pool, which hears when it is free again and when it is gone. While a request is on it, one
 * deadline runs for the present phase, and one abort registration; either ends the stream, and with it whatever waits,
 * and `#failure` says why.
 */

import {
  Deadline,
  WOULD_BLOCK,
  type AbortRegistration,
  type AbortWatcher,
  type ByteStream,
  type DeadlineOwner,
  type WouldBlock,
  TimeoutError,
  watchAbort,
  BrokenError,
  type Clock,
  type DeadlineWheel,
} from '@awaitio/core';
import { piecesOf } from './body.ts';
import type { ClientDeadlines, RequestBody } from './client-options.ts';
import type { ResponseOrigin } from './client-response.ts';
import { Driver } from './driver.ts';
import { HttpConnection } from './protocol/connection.ts';
import { NEED_DATA, type ResponseHead } from './protocol/events.ts';
import type { FieldList } from './protocol/fields.ts';
import type { Headers } from './protocol/headers.ts';
import type { ProtocolLimits } from './protocol/limits.ts';

/** A request as the connection sends it. */
export interface OutgoingRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: FieldList;
  readonly body: RequestBody | undefined;
  readonly length: number | undefined;
  readonly expectContinue: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onInformational:
    | ((status: number, headers: Iterable<[string, string]>) => void)
    | undefined;
}

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

/**
 * One response as it comes. The connection may be sending the next request while its reader still looks at it, so what
 * is the response's own lives here.
 */
export class Incoming implements ResponseOrigin {
  readonly #connection: ClientConnection;
  readonly #early: Uint8Array[] = [];
  head!: ResponseHead;
  trailers: Headers | undefined;
  isComplete = false;

  constructor(connection: ClientConnection) {
    this.#connection = connection;
  }

  get bodyLength(): number | undefined {
    return this.head.contentLength;
  }

  /** A piece that came with the head. */
  pushEarly(piece: Uint8Array): void {
    this.#early.push(piece);
  }

  tryNextPiece(): Uint8Array | null | WouldBlock {
    const early = this.#early.shift();
    if (early !== undefined) return early;
    return this.isComplete ? null : this.#connection.pull(this);
  }

  async nextPiece(): Promise<Uint8Array | null> {
    for (;;) {
      const piece = this.tryNextPiece();
      if (piece !== WOULD_BLOCK) return piece;
      await this.#connection.readBody();
    }
  }

  discard(): void {
    if (!this.isComplete) this.#connection.discard();
  }
}

export class ClientConnection implements DeadlineOwner, AbortWatcher {
  readonly #stream: ByteStream;
  readonly #http: HttpConnection;
  readonly #driver: Driver;
  readonly #shared: ClientShared;
  readonly #owner: ConnectionOwner;
  readonly #deadline: Deadline;
  #phase: 'headers' | 'body' | 'idle' | 'continue' = 'idle';
  #registration: AbortRegistration | undefined;
  #failure: { readonly reason: unknown } | undefined;
  #isGone = false;
  #sending: Promise<void> | undefined;
  #leave: (() => void) | undefined;
  /** Requests that were sent on it. */
  served = 0;
  /** Whether a byte of the present response has come. */
  #bytesBefore = 0;

  constructor(stream: ByteStream, shared: ClientShared, owner: ConnectionOwner) {
    this.#stream = stream;
    this.#shared = shared;
    this.#owner = owner;
    this.#http = new HttpConnection('client', shared.limits);
    this.#driver = new Driver(stream, this.#http, shared.clock);
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
    const { signal } = request;
    if (signal !== undefined) this.#registration = watchAbort(signal, this);
    try {
      this.#send(request, incoming);
      this.#wait('headers', this.#shared.deadlines.headers);
      incoming.head = await this.#receiveHead(request);
      this.#takeBuffered(incoming);
      if (!incoming.isComplete) this.#wait('body', this.#shared.deadlines.body);
      return incoming;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  // --- The response's body -------------------------------------------------------------------------------------

  /** Takes what has come of a response's body. */
  pull(incoming: Incoming): Uint8Array | null | WouldBlock {
    if (this.#failure !== undefined) throw this.#failure.reason;
    let event;
    try {
      event = this.#http.nextEvent();
    } catch (error) {
      throw this.#fail(error);
    }
    if (event === NEED_DATA) return WOULD_BLOCK;
    if (typeof event !== 'symbol') {
      if (event.type === 'data') return event.bytes;
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
      await this.#driver.read();
    } catch (error) {
      throw this.#fail(error);
    }
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

  /** The bare connection, after a switch of protocols; it leaves the pool. */
  takeStream(): ByteStream {
    this.#deadline.remove();
    this.#isGone = true;
    this.#owner.onGone(this);
    return this.#stream;
  }

  // --- Sending -------------------------------------------------------------------------------------------------

  #send(request: OutgoingRequest, incoming: Incoming): void {
    const { body } = request;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const isWhole = bytes === undefined || bytes instanceof Uint8Array;
    this.#driver.write(
      this.#http.sendRequest({
        method: request.method,
        target: request.target,
        fields: request.fields,
        hasBody: bytes !== undefined,
        length: isWhole ? bytes?.length : request.length,
      }),
    );
    if (isWhole && !request.expectContinue) {
      if (bytes !== undefined && bytes.length > 0) {
        this.#http.sendData(bytes.length);
        void this.#driver.writeBytes(bytes)?.catch(() => {});
      }
      this.#driver.write(this.#http.sendEnd());
      void this.#driver.flush();
      return;
    }
    void this.#driver.flush();
    this.#sending = this.#sendPieces(
      isWhole ? [bytes as Uint8Array] : (bytes as Exclude<RequestBody, string | Uint8Array>),
      request,
      incoming,
    );
    // Its failure ends the connection, which is how the exchange hears of it.
    this.#sending.catch((error: unknown) => {
      void this.#fail(error);
    });
  }

  async #sendPieces(
    body: Exclude<RequestBody, string | Uint8Array>,
    request: OutgoingRequest,
    incoming: Incoming,
  ): Promise<void> {
    if (request.expectContinue) await this.#leaveToSend();
    const pieces = piecesOf(body);
    let isExhausted = false;
    try {
      for (;;) {
        // A server that has answered already does not want the rest.
        if (incoming.isComplete || this.#isGone) return;
        const result = await pieces.next();
        if (result.done === true) {
          isExhausted = true;
          break;
        }
        const bytes = typeof result.value === 'string' ? Buffer.from(result.value) : result.value;
        if (bytes.length === 0 || incoming.isComplete || this.#isGone) continue;
        this.#driver.write(this.#http.sendData(bytes.length));
        const blocked = this.#driver.writeBytes(bytes);
        this.#driver.write(this.#http.dataEnd);
        if (blocked !== undefined) await blocked;
        else await this.#driver.flush();
      }
      if (incoming.isComplete || this.#isGone) return;
      this.#driver.write(this.#http.sendEnd());
      await this.#driver.flush();
    } finally {
      if (!isExhausted) void Promise.resolve(pieces.return?.()).catch(() => {});
    }
  }

  /** Waits for `100 Continue`, any other head, or the deadline. */
  #leaveToSend(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#shared.clock.setTimer(resolve, this.#shared.deadlines.expectContinue);
      this.#leave = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  // --- Receiving -----------------------------------------------------------------------------------------------

  async #receiveHead(request: OutgoingRequest): Promise<ResponseHead> {
    for (;;) {
      const event = this.#http.nextEvent();
      if (event === NEED_DATA) {
        await this.#driver.read();
        continue;
      }
      if (typeof event === 'symbol' || event.type === 'closed') throw ended();
      if (event.type === 'informational') {
        this.#leave?.();
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
    this.#registration?.remove();
    this.#registration = undefined;
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
    if (phase === 'idle') this.#end();
    else if (phase !== 'continue') {
      void this.#fail(new TimeoutError(phase, this.#shared.deadlines[phase]));
    }
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
    this.#leave?.();
    this.#registration?.remove();
    this.#registration = undefined;
    this.#deadline.remove();
    this.#owner.onGone(this);
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
