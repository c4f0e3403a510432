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
  IoError,
  type Clock,
  type DeadlineWheel,
} from '@awaitio/core';
import { piecesOf } from './body.ts';
import { StallWatch } from './deadlines.ts';
import type { ClientDeadlines, RequestBody } from './client-options.ts';
import type { ResponseOrigin } from './client-response.ts';
import { Driver } from './driver.ts';
import { HttpConnection } from './protocol/connection.ts';
import { NEED_DATA, type ResponseHead } from './protocol/events.ts';
import { fieldList, type FieldList, type HeadersInput } from './protocol/fields.ts';
import type { Headers } from './protocol/headers.ts';
import type { ProtocolLimits } from './protocol/limits.ts';

/** A request as the connection sends it. */
export interface OutgoingRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: FieldList;
  readonly body: RequestBody | undefined;
  readonly length: number | undefined;
  readonly trailers: HeadersInput | (() => HeadersInput) | undefined;
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

type Pieces = ReturnType<typeof piecesOf>;
const SENT = Promise.resolve(true);

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
  #isOver = false;
  #onOver: { end(): void } | undefined;

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

  /** Its reader left before the end: the connection would wait for ever for somebody to read the rest. */
  giveUp(): void {
    this.discard();
  }

  /** Is told when the response is whole, or never will be. */
  set onOver(listener: { end(): void }) {
    this.#onOver = listener;
    if (this.#isOver) listener.end();
  }

  over(): void {
    this.#isOver = true;
    this.#onOver?.end();
  }
}

export class ClientConnection implements DeadlineOwner, AbortWatcher {
  readonly #stream: ByteStream;
  readonly #http: HttpConnection;
  readonly #driver: Driver;
  readonly #shared: ClientShared;
  readonly #owner: ConnectionOwner;
  readonly #deadline: Deadline;
  #phase: 'headers' | 'body' | 'idle' = 'idle';
  #registration: AbortRegistration | undefined;
  /** The response that is under way. */
  #incoming: Incoming | undefined;
  #failure: { readonly reason: unknown } | undefined;
  #isGone = false;
  /** Ends the wait for leave to send the body; told whether there is leave. */
  #leave: ((isGiven: boolean) => void) | undefined;
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
      this.#send(request, incoming);
      this.#wait('headers', this.#shared.deadlines.headers);
      incoming.head = await this.#receiveHead(request);
      this.#endSending();
      // Who was to wait for leave to send the body, and is answered instead, does not send it.
      this.#leave?.(false);
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
        const blocked = this.#driver.writeBytes(bytes);
        if (blocked !== undefined) {
          // If it breaks, reading tells why, after what had come before.
          blocked.catch(() => {});
          this.#watchSending();
        }
      }
      this.#driver.write(this.#http.sendEnd());
      void this.#driver.flush();
      return;
    }
    void this.#driver.flush();
    this.#watchSending();
    const sending = this.#sendPieces(
      isWhole ? [bytes as Uint8Array] : (bytes as Exclude<RequestBody, string | Uint8Array>),
      request,
      incoming,
    );
    // A body that the program cannot give ends the connection, which is how the exchange hears of it.
    sending.catch((error: unknown) => {
      void this.#fail(error);
    });
  }

  async #sendPieces(
    body: Exclude<RequestBody, string | Uint8Array>,
    request: OutgoingRequest,
    incoming: Incoming,
  ): Promise<void> {
    if (request.expectContinue && !(await this.#leaveToSend())) return;
    const pieces = piecesOf(body);
    let isExhausted = false;
    try {
      for (;;) {
        // A server that has answered already does not want the rest.
        if (incoming.isComplete || this.#isGone) return;
        const result = await this.#nextPiece(pieces);
        if (incoming.isComplete || this.#isGone) return;
        isExhausted = result.done === true;
        const isSent = isExhausted
          ? await this.#sendLast(request)
          : await this.#sendPiece(result.value);
        if (isExhausted || !isSent) return;
      }
    } finally {
      if (!isExhausted) void Promise.resolve(pieces.return?.()).catch(() => {});
    }
  }

  /** While the program makes its next piece nobody waits for the server, and no deadline runs for the server. */
  async #nextPiece(pieces: Pieces): Promise<IteratorResult<Uint8Array | string>> {
    const next = pieces.next();
    if (!(next instanceof Promise)) return next;
    if (this.#phase === 'headers') this.#deadline.clear();
    const result = await next;
    if (this.#phase === 'headers') this.#wait('headers', this.#shared.deadlines.headers);
    return result;
  }

  /** @throws `LocalProtocolError` when the body gets longer than was announced. */
  #sendPiece(piece: Uint8Array | string): Promise<boolean> {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    if (bytes.length === 0) return SENT;
    this.#driver.write(this.#http.sendData(bytes.length));
    return this.#written(() => {
      const blocked = this.#driver.writeBytes(bytes);
      this.#driver.write(this.#http.dataEnd);
      return blocked ?? this.#driver.flush();
    });
  }

  /** @throws `LocalProtocolError` when the body is shorter than was announced. */
  #sendLast({ trailers }: OutgoingRequest): Promise<boolean> {
    const fields = fieldList(typeof trailers === 'function' ? trailers() : trailers);
    this.#driver.write(this.#http.sendEnd(fields));
    return this.#written(() => this.#driver.flush());
  }

  /**
   * Whether what was written was taken. A connection that breaks under a write is no failure of the request yet: the
   * answer may have come before, and reading tells.
   */
  async #written(write: () => Promise<void> | undefined): Promise<boolean> {
    try {
      await write();
    } catch (error) {
      if (error instanceof IoError) return false;
      throw error;
    }
    if (this.#phase === 'headers') this.#wait('headers', this.#shared.deadlines.headers);
    return true;
  }

  #watchSending(): void {
    this.#sendingWatch = new StallWatch(this.#stream, this.#shared.clock);
    this.#sendingWatch.begin();
  }

  #endSending(): void {
    this.#sendingWatch?.end();
    this.#sendingWatch = undefined;
  }

  /** Waits for `100 Continue` or the deadline, which give leave to send, or any other head, which takes it. */
  #leaveToSend(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#shared.clock.setTimer(() => {
        this.#leave?.(true);
      }, this.#shared.deadlines.expectContinue);
      this.#leave = (isGiven) => {
        this.#leave = undefined;
        timer.cancel();
        resolve(isGiven);
      };
    });
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
        if (event.status === 100) this.#leave?.(true);
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
    this.#leave?.(false);
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
