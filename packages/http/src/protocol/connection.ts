/**
 * One HTTP/1.1 connection without any I/O: bytes in, events out; events in, text out.
 *
 * The connection does not wait, has no clock and returns no promise. Its user gives it bytes as they come (`receive`),
 * takes what they mean (`nextEvent`), calls `send…` and writes the text that the call returns. Both roles run the same
 * machine (`state.ts`); a message that is parsed ahead of the one being answered waits in the decoder and moves no state.
 * One class serves both roles, since what a server sends is what a client receives.
 *
 * Errors come from four places, and this is what is usable after each: `nextEvent` throws `RemoteProtocolError` (a
 * server may still send its response, nothing more is read); a `send…` call throws `LocalProtocolError` (nothing was sent;
 * after a wrong body length the connection must be cut); `startNextCycle` throws `LocalProtocolError` (nothing changed).
 */

import { Decoder, type Role } from './receiving/decoder.ts';
import {
  chunkLine,
  encodeInformationalHead,
  encodeRequestHead,
  encodeResponseHead,
  lastChunk,
} from './sending/encoder.ts';
import { LocalProtocolError, RemoteProtocolError } from './vocabulary/errors.ts';
import { NEED_DATA, PAUSED, type ConnectionEvent, type HttpVersion } from './vocabulary/events.ts';
import {
  checkTrailers,
  fieldList,
  type FieldList,
  type HeadersInput,
} from './vocabulary/fields.ts';
import { BodyCounter, requestFraming, responseFraming, type Framing } from './sending/framing.ts';
import {
  checkInformationalFields,
  checkInformationalStatus,
  checkRequestStart,
  checkStatusLine,
  switchFields,
  takeFramingFields,
  takeResponseFields,
} from './sending/outgoing-fields.ts';
import type { RequestHeadInput, ResponseHeadInput } from './head-input.ts';
import { DEFAULT_LIMITS, type ProtocolLimits } from './vocabulary/limits.ts';
import { ConnectionState, State, Trigger } from './state.ts';

const NO_FIELDS: FieldList = [];
const NO_FRAMING: Framing = { kind: 'none' };

/** A connection of either role, without I/O: {@link HttpConnection.receive} bytes, take events, send what the calls return. */
export class HttpConnection {
  readonly #role: Role;
  readonly #peer: Role;
  readonly #limits: ProtocolLimits;
  /** Created when bytes come. */
  #decoder: Decoder | undefined;
  readonly #state = new ConnectionState();
  #failure: RemoteProtocolError | undefined;
  /** Facts about the current cycle's request that its response depends on. */
  #method: string | undefined;
  #peerVersion: HttpVersion = '1.1';
  #peerKeepsAlive = true;
  #framing: Framing | undefined;
  #counter: BodyCounter | undefined;

  constructor(role: Role, limits: ProtocolLimits = DEFAULT_LIMITS) {
    this.#role = role;
    this.#peer = role === 'server' ? 'client' : 'server';
    this.#limits = limits;
  }

  // --- Receiving -----------------------------------------------------------------------------------------------

  /**
   * Takes bytes, which are borrowed: what is kept is copied before the call returns.
   *
   * @returns How many were taken. Fewer than given when enough was parsed ahead, or another protocol begins: the caller
   * keeps the others, and gives them again after it has taken events.
   */
  receive(view: Uint8Array): number {
    // What follows a switch is not HTTP, also after the decoder was let go of.
    if (this.#decoder === undefined && this.isSwitched) return 0;
    return this.#decoding.receive(view);
  }

  /** The peer finished sending. */
  receiveEnd(): void {
    this.#decoding.receiveEnd();
  }

  /**
   * What the bytes mean.
   *
   * @returns The next event; `NEED_DATA` when more bytes must come first; `PAUSED` when the peer's message is complete
   * and this side has to finish its part, or when another protocol has begun.
   * @throws {@link RemoteProtocolError} for what the peer did wrong, after everything that was right before it.
   */
  nextEvent(): ConnectionEvent | typeof NEED_DATA | typeof PAUSED {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#state.isWaiting(this.#peer)) return PAUSED;
    const event = this.#decoder?.shift();
    if (event === undefined) return NEED_DATA;
    if (event instanceof RemoteProtocolError) {
      this.#failure = event;
      // The response to a HEAD request that is refused has no body either (RFC 9110 section 9.3.2).
      if (this.#decoder?.isFailedHead === true) this.#method = 'HEAD';
      this.#state.fail(this.#peer);
      throw event;
    }
    this.#follow(event);
    return event;
  }

  /** The byte of what was received last at which it failed; -1 when it did not, or at the end of the connection. */
  get failedAt(): number {
    return this.#decoder?.failedAt ?? -1;
  }

  /** What {@link HttpConnection.nextEvent} threw, and throws again. */
  get failure(): RemoteProtocolError | undefined {
    return this.#failure;
  }

  /** Whether an event or a failure is at hand without more bytes. */
  get hasEvent(): boolean {
    return this.#decoder?.hasEvent ?? false;
  }

  /** Whether the peer has begun a head and not finished it. */
  get isInHead(): boolean {
    return this.#decoder?.isInHead ?? false;
  }

  /** Whether nothing of the peer is under way, parsed or not. */
  get isIdle(): boolean {
    return this.#decoder?.isIdle ?? true;
  }

  /**
   * Releases the buffers that only a message under way needs, if none is: half a kilobyte, allocated again when bytes come,
   * and the remembered head. For servers with many idle connections. A connection that goes on in another protocol receives
   * nothing any more.
   */
  releaseBuffers(): void {
    if (this.isSwitched || this.#decoder?.isBlank === true) this.#decoder = undefined;
  }

  /** The method of a client's request in progress; it decides how its response is framed (RFC 9112 section 6.3). */
  get expectedMethod(): string | undefined {
    return this.#method;
  }

  /** Whether that request proposes another protocol. */
  get isSwitchProposed(): boolean {
    return this.#state.isSwitchProposed;
  }

  // --- State ---------------------------------------------------------------------------------------------------

  /** Where the client is in the current cycle. */
  get clientState(): State {
    return this.#state.client;
  }

  /** Where the server is in the current cycle. */
  get serverState(): State {
    return this.#state.server;
  }

  /** Whether both sides finished this cycle and another may follow. */
  get isCycleDone(): boolean {
    return this.#state.isCycleDone;
  }

  /** Whether the connection goes on in another protocol; its first bytes were not taken by `receive`. */
  get isSwitched(): boolean {
    return this.#state.server === State.SWITCHED;
  }

  /** Ends the connection with the current cycle: the next head of this side announces it. */
  disableKeepAlive(): void {
    this.#state.disableKeepAlive();
  }

  /** @throws {@link LocalProtocolError} unless both sides have finished and keep the connection alive. */
  startNextCycle(): void {
    this.#state.startNextCycle();
    this.#method = undefined;
    this.#framing = undefined;
    this.#counter = undefined;
    this.#decoder?.startNextCycle();
  }

  /** This side could not send what it announced: the connection must be cut. */
  sendFailed(): void {
    this.#state.fail(this.#role);
  }

  // --- Sending, as a server ------------------------------------------------------------------------------------

  /**
   * A response's head; for 101, and for 2xx to CONNECT, the last text in HTTP.
   *
   * @throws {@link LocalProtocolError} when no response may be sent now, the status is no final one, the reason could end
   * the line, or the application's framing fields contradict the body.
   */
  sendResponse(head: ResponseHeadInput): string {
    const { status } = head;
    checkStatusLine(status, head.reason);
    // A response to HEAD, and a 304, describe the body of another response, which only the application knows.
    const isDescribed = this.#method === 'HEAD' || status === 304;
    const own = takeResponseFields(head.fields, isDescribed ? undefined : head.length);
    const isTunnel = this.#method === 'CONNECT' && status >= 200 && status < 300;
    if (status === 101 || isTunnel) return this.#sendSwitch(head, own.fields);
    // No body to HEAD does not mean that GET has none, so no length is announced (RFC 9110 section 8.6).
    const isUnknown =
      isDescribed && own.length === undefined && (status === 304 || head.length === 0);
    const framing = isUnknown
      ? NO_FRAMING
      : responseFraming(this.#method, status, own.length ?? head.length, this.#peerVersion);
    const before = this.#state.server;
    this.#state.process('server', Trigger.response);
    const keepsAlive =
      before !== State.IDLE &&
      this.#peerKeepsAlive &&
      this.#state.keepAlive &&
      head.close !== true &&
      !own.closes &&
      framing.kind !== 'close';
    if (!keepsAlive) this.#state.disableKeepAlive();
    this.#framing = framing;
    this.#counter = undefined;
    return encodeResponseHead({
      status,
      reason: head.reason,
      fields: own.fields,
      framing,
      date: head.date,
      connection: keepsAlive ? (this.#peerVersion === '1.0' ? 'keep-alive' : undefined) : 'close',
    });
  }

  /**
   * A response whose whole body is at hand. Returns its head; the body follows unchanged, if
   * {@link HttpConnection.sendsBody}.
   *
   * @throws {@link LocalProtocolError} as {@link HttpConnection.sendResponse}.
   */
  sendWholeResponse(head: ResponseHeadInput & { readonly length: number }): string {
    const text = this.sendResponse(head);
    this.#state.process('server', Trigger.end);
    return text;
  }

  /**
   * An informational head, such as 100 or 103: any number of them may precede the response. Empty for an HTTP/1.0 client,
   * which must not receive one.
   *
   * @throws {@link LocalProtocolError} when none may be sent now, the status is not from 100 to 199, or is 101, or a field
   * frames a body or the connection.
   */
  sendInformational(status: number, fields: HeadersInput | undefined): string {
    checkInformationalStatus(status);
    const list = fieldList(fields);
    checkInformationalFields(list);
    this.#state.process('server', Trigger.informational);
    // RFC 9110 section 15.2.
    return this.#peerVersion === '1.0' ? '' : encodeInformationalHead(status, list);
  }

  #sendSwitch(head: ResponseHeadInput, fields: FieldList): string {
    if (!this.#state.isSwitchProposed) {
      throw new LocalProtocolError(
        `status ${head.status} switches protocols, which this request did not ask for`,
        'ERR_HTTP_STATE',
      );
    }
    const own = head.status === 101 ? switchFields(fields, head.proposed) : fields;
    this.#state.process('server', Trigger.switch);
    return encodeResponseHead({
      status: head.status,
      reason: head.reason,
      fields: own,
      framing: NO_FRAMING,
      date: head.date,
      connection: undefined,
    });
  }

  // --- Sending, as a client ------------------------------------------------------------------------------------

  /**
   * A request's head.
   *
   * @throws {@link LocalProtocolError} when no request may be sent now, the method or target could end the line, or the
   * application's framing fields contradict the body.
   */
  sendRequest(head: RequestHeadInput): string {
    checkRequestStart(head.method, head.target);
    const own = takeFramingFields(head.fields, head.length);
    const framing = requestFraming(head.method, own.length, head.hasBody);
    this.#state.process('client', Trigger.request);
    this.#method = head.method;
    if (head.method === 'CONNECT' || own.upgrades) this.#state.proposeSwitch();
    const closes = head.close === true || own.closes;
    if (closes) this.#state.disableKeepAlive();
    this.#framing = framing;
    this.#counter = undefined;
    return encodeRequestHead({
      method: head.method,
      target: head.target,
      fields: own.fields,
      framing,
      connection: closes ? 'close' : undefined,
    });
  }

  // --- Sending a body ------------------------------------------------------------------------------------------

  /** Whether the body goes on the wire: not in a response to HEAD, a 204 or a 304. */
  get sendsBody(): boolean {
    const framing = this.#framing;
    return framing !== undefined && framing.kind !== 'none' && framing.isSent;
  }

  /**
   * Announces data of `length` bytes, at least 1. Returns what to write before it; {@link dataEnd} follows it.
   *
   * @throws {@link LocalProtocolError} when the message has no body on the wire, or its body exceeds the announced length.
   */
  sendData(length: number): string {
    this.#state.process(this.#role, Trigger.data);
    if (!this.sendsBody || !(length > 0)) {
      throw new LocalProtocolError(
        'data is sent only in a message with a body, and never none of it: a chunk of no bytes is the last one',
        'ERR_HTTP_NO_BODY',
      );
    }
    this.#counted.add(length);
    return this.#isChunked ? chunkLine(length) : '';
  }

  /** What to write after the data. */
  get dataEnd(): string {
    return this.#isChunked ? '\r\n' : '';
  }

  /**
   * The end of the message.
   *
   * @param trailers - Sent only in a chunked message (RFC 9110 section 6.5).
   * @throws {@link LocalProtocolError} when the body is shorter than its announced length, or a trailer is one of the
   * fields that frame or route a message.
   */
  sendEnd(trailers: FieldList = NO_FIELDS): string {
    checkTrailers(trailers);
    if (this.sendsBody) this.#counted.finish();
    this.#state.process(this.#role, Trigger.end);
    return this.#isChunked ? lastChunk(trailers) : '';
  }

  // --- Inside --------------------------------------------------------------------------------------------------

  get #decoding(): Decoder {
    this.#decoder ??= new Decoder(this.#role, this.#limits, this);
    return this.#decoder;
  }

  /** Counts a body that is sent in parts. */
  get #counted(): BodyCounter {
    this.#counter ??= new BodyCounter(this.#framing as Framing);
    return this.#counter;
  }

  /** Whether the body that this side sends goes on the wire in chunks. */
  get #isChunked(): boolean {
    return this.#framing?.kind === 'chunked' && this.#framing.isSent;
  }

  /** Moves the peer's machine by the event it sent. */
  #follow(event: ConnectionEvent): void {
    const state = this.#state;
    switch (event.type) {
      case 'request':
        this.#method = event.method;
        this.#peerVersion = event.httpVersion;
        this.#peerKeepsAlive = event.keepAlive;
        state.process('client', Trigger.request);
        if (event.upgrade) state.proposeSwitch();
        break;
      case 'informational':
        state.process('server', Trigger.informational);
        break;
      case 'response':
        this.#peerVersion = event.httpVersion;
        state.process('server', event.upgrade ? Trigger.switch : Trigger.response);
        if (!event.keepAlive) state.disableKeepAlive();
        break;
      case 'data':
        state.process(this.#peer, Trigger.data);
        break;
      case 'end':
        state.process(this.#peer, Trigger.end);
        break;
      case 'closed':
        state.process(this.#peer, Trigger.closed);
        break;
    }
  }
}
