/**
 * Bytes in, events out: the receiving half of a connection.
 *
 * The decoder drives the parser and turns what it says into events. The chunk it is given is borrowed, so everything
 * kept is copied: the head as one latin1 string, data as bytes of its own. A head that comes in pieces is collected in
 * that same string; positions count from its beginning, so a name cut in two by the network is whole in it.
 *
 * A violation does not overtake what came before it: it is queued behind the good events.
 */

import { Errno, loadInput, ParserType, type ParserSink } from '../llhttp/instance.ts';
import { Parser } from '../llhttp/parser.ts';
import { RemoteProtocolError } from './errors.ts';
import {
  CLOSED,
  Data,
  END,
  EndOfMessage,
  RequestHead,
  ResponseHead,
  type ConnectionEvent,
} from './events.ts';
import { Headers } from './headers.ts';
import { latin1 } from './latin1.ts';
import type { ProtocolLimits } from './limits.ts';
import { methodOf } from './methods.ts';
import {
  bad,
  bodyTooLarge,
  checkHost,
  checkRequestLine,
  checkTarget,
  checkTransferEncoding,
  headTooLarge,
  parseContentLength,
  targetTooLong,
  trailersTooLarge,
} from './request-rules.ts';

export type Role = 'server' | 'client';

/** Where in a message the parser is. */
const Phase = { IDLE: 0, HEAD: 1, BODY: 2, TRAILERS: 3 } as const;

/** What the receiving half of a client must know of the request a response answers. */
export interface ResponseContext {
  /** The method of the oldest request without a response; `undefined` when none is out. */
  readonly expectedMethod: string | undefined;
}

export class Decoder implements ParserSink {
  readonly #role: Role;
  readonly #limits: ProtocolLimits;
  readonly #context: ResponseContext;
  #parser: Parser | undefined;
  #phase: number = Phase.IDLE;
  #events: (ConnectionEvent | RemoteProtocolError)[] = [];
  #first = 0;
  /** Messages and body bytes that were parsed and not handed out. */
  #messagesAhead = 0;
  #bytesAhead = 0;
  /** The chunk that is being parsed, and where in it the present message, or what follows of it, begins. */
  #chunk: Uint8Array = NO_BYTES;
  #begin = 0;
  /** The head, or trailer section, as far as it came in earlier chunks. */
  #text = '';
  #spans: number[] = [];
  #targetStart = -1;
  #targetEnd = -1;
  #bodyBytes = 0;
  #overhead = 0;
  #failure: RemoteProtocolError | undefined;
  #isBodiless = false;
  /** Nothing more is read: the last message of the connection, a failure, or another protocol. */
  #isDone = false;
  #isSwitching = false;
  #keepAlive = true;
  #sawEnd = false;

  constructor(role: Role, limits: ProtocolLimits, context: ResponseContext) {
    this.#role = role;
    this.#limits = limits;
    this.#context = context;
  }

  /** Whether a message has begun and its head is not complete. */
  get isInHead(): boolean {
    return this.#phase === Phase.HEAD;
  }

  /** Whether nothing is under way: no message begun, no event waiting. */
  get isIdle(): boolean {
    return this.#phase === Phase.IDLE && this.#events.length === this.#first;
  }

  /** Takes the next event, a failure in its turn, or `undefined`. */
  shift(): ConnectionEvent | RemoteProtocolError | undefined {
    const event = this.#events[this.#first];
    if (event === undefined) return undefined;
    this.#events[this.#first] = END;
    this.#first += 1;
    if (this.#first === this.#events.length) {
      this.#events.length = 0;
      this.#first = 0;
    }
    if (event instanceof Data) this.#bytesAhead -= event.bytes.length;
    else if (event instanceof EndOfMessage) this.#messagesAhead -= 1;
    return event;
  }

  /** Whether an event is at hand. */
  get hasEvent(): boolean {
    return this.#events.length > this.#first;
  }

  /** Parses borrowed bytes; returns how many it took. Fewer than given: it has read ahead as far as it may. */
  receive(chunk: Uint8Array): number {
    if (this.#isSwitching) return 0;
    if (this.#isDone) return chunk.length;
    if (!this.#mayReadAhead) return 0;
    loadInput(chunk);
    this.#chunk = chunk;
    let at = 0;
    while (at < chunk.length && !this.#isDone && !this.#isSwitching && this.#mayReadAhead) {
      at = this.#parse(at);
    }
    if (this.#phase === Phase.HEAD && !this.#isDone) this.#keepHead();
    else if (this.#phase === Phase.TRAILERS && !this.#isDone) this.#keepTrailers();
    this.#chunk = NO_BYTES;
    if (this.#phase === Phase.IDLE) this.#release();
    return this.#isDone ? chunk.length : at;
  }

  /** The peer finished. */
  receiveEnd(): void {
    if (this.#sawEnd) return;
    this.#sawEnd = true;
    if (this.#isSwitching) return;
    if (!this.#isDone && this.#phase !== Phase.IDLE) {
      const errno = (this.#parser as Parser).finish(this);
      if (errno !== Errno.OK && errno !== Errno.PAUSED) {
        this.#fail(bad('the connection ended inside a message', 'TRUNCATED'));
      } else if (this.#phase !== Phase.IDLE) {
        this.#fail(bad('the connection ended inside a message', 'TRUNCATED'));
      }
    }
    this.#isDone = true;
    this.#release();
    if (this.#failure === undefined) this.#events.push(CLOSED);
  }

  /** The peer asked to switch protocols and this side went on in HTTP: what follows is the next message. */
  resumeAfterUpgrade(): void {
    if (!this.#isSwitching) return;
    this.#isSwitching = false;
    if (this.#sawEnd) this.#events.push(CLOSED);
  }

  /** Stops reading for good; what still comes is taken and dropped. */
  stop(): void {
    this.#isDone = true;
    this.#release();
  }

  // --- What the parser says ------------------------------------------------------------------------------------

  onUrl(start: number, end: number): void {
    if (this.#targetStart === -1) this.#targetStart = this.#offset(start);
    this.#targetEnd = this.#offset(end);
  }

  onHeaderField(start: number, end: number): void {
    const spans = this.#spans;
    const last = spans.length - 1;
    if (this.#phase === Phase.BODY) this.#beginTrailers(start);
    // A field that goes on has no value yet; an empty value is filled in at the end.
    if (last >= 0 && spans[last] === -1 && this.#offset(start) === spans[last - 2]) {
      spans[last - 2] = this.#offset(end);
    } else {
      spans.push(this.#offset(start), this.#offset(end), -1, -1);
    }
  }

  onHeaderValue(start: number, end: number): void {
    const spans = this.#spans;
    const last = spans.length - 1;
    if (spans[last] === -1) spans[last - 1] = this.#offset(start);
    spans[last] = this.#offset(end);
  }

  onHeadersComplete(status: number, upgrade: boolean, keepAlive: boolean): number {
    try {
      const text = this.#takeText();
      const spans = this.#takeSpans(text);
      return this.#role === 'server'
        ? this.#completeRequest(text, spans, upgrade, keepAlive)
        : this.#completeResponse(text, spans, status, keepAlive);
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      this.#failure = error;
      return -1;
    }
  }

  onBody(start: number, end: number): void {
    const size = end - start;
    this.#bodyBytes += size;
    this.#overhead -= size + PIECE_ALLOWANCE + 2 * size;
    if (this.#bodyBytes > this.#limits.bodyBytes) {
      this.#failure ??= bodyTooLarge(this.#limits);
      return;
    }
    this.#bytesAhead += size;
    const bytes = new Uint8Array(size);
    bytes.set(size === this.#chunk.length ? this.#chunk : this.#chunk.subarray(start, end));
    this.#events.push(new Data(bytes));
  }

  onMessageComplete(): void {
    let event = END;
    if (this.#phase === Phase.TRAILERS) {
      const text = this.#takeText();
      if (text.length - 11 > this.#limits.trailerBytes)
        this.#failure ??= trailersTooLarge(this.#limits);
      event = new EndOfMessage(new Headers(text, this.#takeSpans(text)));
    }
    this.#phase = Phase.IDLE;
    if (this.#isBodiless) {
      // An informational response is whole with its head: the one that counts follows.
      this.#isBodiless = false;
      return;
    }
    this.#messagesAhead += 1;
    this.#events.push(event);
    if (!this.#keepAlive) this.#isDone = true;
  }

  // --- Inside --------------------------------------------------------------------------------------------------

  get #mayReadAhead(): boolean {
    return (
      this.#messagesAhead < this.#limits.readAheadMessages &&
      this.#bytesAhead < this.#limits.readAheadBytes
    );
  }

  /** Parses from `at` to the end of the chunk or of the message; returns how far it got. */
  #parse(at: number): number {
    const chunk = this.#chunk;
    if (this.#phase === Phase.IDLE) this.#beginMessage();
    this.#begin = at;
    const isInBody = this.#phase === Phase.BODY;
    const parser = this.#parser as Parser;
    const errno = parser.execute(this, at, chunk.length);
    const end = errno === Errno.OK ? chunk.length : parser.position;
    if (isInBody || this.#phase === Phase.BODY) this.#countOverhead(isInBody ? end - at : 0);
    if (this.#failure !== undefined) this.#fail(this.#failure);
    else if (errno === Errno.OK) return end;
    else if (errno === Errno.PAUSED || errno === Errno.PAUSED_UPGRADE) {
      parser.resume(errno);
      if (this.#phase === Phase.IDLE) this.#release();
    } else this.#fail(this.#explain(errno));
    return end;
  }

  #beginMessage(): void {
    this.#parser ??= Parser.acquire(
      this.#role === 'server' ? ParserType.REQUEST : ParserType.RESPONSE,
    );
    this.#phase = Phase.HEAD;
    this.#text = '';
    this.#targetStart = -1;
    this.#targetEnd = -1;
    this.#bodyBytes = 0;
    this.#overhead = 0;
  }

  #release(): void {
    this.#parser?.release();
    this.#parser = undefined;
  }

  /** Keeps what this chunk gave of a head that goes on in the next one. */
  #keepHead(): void {
    this.#text += latin1(this.#chunk, this.#begin, this.#chunk.length);
    if (this.#text.length <= this.#limits.headerBytes) return;
    const isTarget = this.#targetEnd === -1 || this.#targetEnd >= this.#limits.targetBytes;
    this.#fail(
      isTarget && this.#spans.length === 0 && this.#role === 'server'
        ? targetTooLong(this.#limits)
        : headTooLarge(this.#limits),
    );
  }

  #keepTrailers(): void {
    this.#text += latin1(this.#chunk, this.#begin, this.#chunk.length);
    if (this.#text.length > this.#limits.trailerBytes) this.#fail(trailersTooLarge(this.#limits));
  }

  /** A position in the head's text for a position in the chunk. */
  #offset(at: number): number {
    return this.#text.length + at - this.#begin;
  }

  #takeText(): string {
    const last = this.#spans.at(-1) ?? -1;
    const known = Math.max(last, this.#spans.at(-3) ?? -1, this.#targetEnd);
    // A request line goes on for 11 bytes after its target; a status line without fields, for who knows how many.
    const more = known === -1 ? this.#limits.headerBytes : known + 11;
    const end = Math.min(this.#chunk.length, this.#begin + more - this.#text.length);
    const text =
      end > this.#begin ? this.#text + latin1(this.#chunk, this.#begin, end) : this.#text;
    this.#text = '';
    return text;
  }

  /** The fields' positions, without the white space after a value (RFC 9112 section 5). */
  #takeSpans(text: string): number[] {
    const spans = this.#spans;
    this.#spans = [];
    for (let at = 3; at < spans.length; at += 4) {
      let end = spans[at] as number;
      if (end === -1) {
        end = spans[at - 2] as number;
        spans[at - 1] = end;
      }
      const start = spans[at - 1] as number;
      while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
      spans[at] = end;
    }
    return spans;
  }

  #beginTrailers(start: number): void {
    this.#phase = Phase.TRAILERS;
    this.#begin = start;
    this.#text = '';
    this.#targetEnd = -1;
  }

  #completeRequest(text: string, spans: number[], upgrade: boolean, keepAlive: boolean): number {
    const limits = this.#limits;
    const parser = this.#parser as Parser;
    const version = checkRequestLine(
      text,
      this.#targetStart,
      this.#targetEnd,
      parser.version,
      limits,
    );
    if (text.length - 11 > limits.headerBytes || spans.length > limits.headerCount * 4) {
      throw headTooLarge(limits);
    }
    const method = methodOf(parser.method);
    if (method === undefined) throw bad('the method is not one of HTTP', 'METHOD');
    const target = text.slice(this.#targetStart, this.#targetEnd);
    checkTarget(method, target);
    const special = readSpecial(text, spans);
    checkHost(special.host, special.hosts, version);
    const contentLength = bodyLength(special, version);
    if (contentLength !== undefined && contentLength > limits.bodyBytes) throw bodyTooLarge(limits);
    if (special.hasUnknownExpectation) {
      throw new RemoteProtocolError(
        'the only expectation met here is 100-continue',
        'ERR_HTTP_EXPECT',
        417,
      );
    }
    this.#phase = Phase.BODY;
    this.#keepAlive = keepAlive;
    const isSwitch = upgrade && (method === 'CONNECT' || contentLength === 0);
    this.#isSwitching = isSwitch;
    this.#events.push(
      new RequestHead(
        method,
        target,
        version,
        new Headers(text, spans),
        method === 'CONNECT' ? 0 : contentLength,
        keepAlive,
        special.expectsContinue && version === '1.1',
        isSwitch,
      ),
    );
    return isSwitch ? 2 : 0;
  }

  #completeResponse(text: string, spans: number[], status: number, keepAlive: boolean): number {
    const limits = this.#limits;
    const line = STATUS_LINE.exec(text);
    if (line === null) throw bad('the status line is not `version SP status SP reason`', 'LINE');
    if (text.length > limits.headerBytes + 11 || spans.length > limits.headerCount * 4) {
      throw headTooLarge(limits);
    }
    const request = this.#context.expectedMethod;
    if (request === undefined)
      throw bad('a response came that no request asked for', 'UNSOLICITED');
    const version = line[1] === '1' ? '1.1' : '1.0';
    const special = readSpecial(text, spans);
    const isSwitch = status === 101 || (request === 'CONNECT' && status >= 200 && status < 300);
    const isEmpty = request === 'HEAD' || status === 204 || status === 304 || isSwitch;
    const isInformational = status < 200 && status !== 101;
    const announced =
      special.contentLength === undefined ? undefined : parseContentLength(special.contentLength);
    if (!isEmpty && announced !== undefined && announced > limits.bodyBytes)
      throw bodyTooLarge(limits);
    this.#phase = Phase.BODY;
    this.#isBodiless = isInformational;
    this.#isSwitching = isSwitch;
    this.#keepAlive = isInformational || keepAlive;
    this.#events.push(
      new ResponseHead(
        status,
        (line[2] ?? '').trim(),
        version,
        new Headers(text, spans),
        isEmpty || isInformational ? 0 : announced,
        keepAlive,
        isSwitch,
      ),
    );
    if (isSwitch) return 2;
    return isEmpty ? 1 : 0;
  }

  /** Chunk framing that grows faster than data: extensions, or one byte per chunk, without end. */
  #countOverhead(consumed: number): void {
    this.#overhead = Math.max(0, this.#overhead + consumed);
    if (this.#overhead > this.#limits.chunkOverheadBytes) {
      this.#failure ??= bad('there is more chunk framing than data', 'CHUNK_OVERHEAD');
    }
  }

  #fail(error: RemoteProtocolError): void {
    this.#failure = error;
    this.#isDone = true;
    this.#events.push(error);
    this.#release();
  }

  #explain(errno: number): RemoteProtocolError {
    if (errno === Errno.INVALID_VERSION || errno === Errno.PAUSED_H2_UPGRADE) {
      const isOther = (this.#parser as Parser).version >= 12;
      return new RemoteProtocolError(
        'the version in the start line is not HTTP/1.0 or HTTP/1.1',
        'ERR_HTTP_VERSION',
        isOther ? 505 : 400,
      );
    }
    return bad(EXPLANATIONS.get(errno) ?? 'the message is malformed', 'MALFORMED');
  }
}

const NO_BYTES = new Uint8Array(0);
/** What an honest chunk may cost beside its data: a size line and two line ends. */
const PIECE_ALLOWANCE = 16;
const STATUS_LINE = /^HTTP\/1\.([01]) \d{3}(?: ([^\r\n]*))?(?=\r\n|$)/;

const EXPLANATIONS: ReadonlyMap<number, string> = new Map([
  [Errno.INVALID_METHOD, 'the method is not one of HTTP'],
  [Errno.INVALID_URL, 'the request target has a character that it may not have'],
  [Errno.INVALID_CONTENT_LENGTH, 'Content-Length is malformed, or stands beside Transfer-Encoding'],
  [Errno.UNEXPECTED_CONTENT_LENGTH, 'there is more than one Content-Length'],
  [Errno.INVALID_CHUNK_SIZE, 'a chunk size is malformed'],
  [
    Errno.INVALID_TRANSFER_ENCODING,
    'Transfer-Encoding is not chunked, or stands beside Content-Length',
  ],
]);

/** The fields that framing and the connection depend on. */
interface Special {
  host: string | undefined;
  hosts: number;
  contentLength: string | undefined;
  transferEncoding: string | undefined;
  expectsContinue: boolean;
  hasUnknownExpectation: boolean;
}

/** Finds them by the length of their names first: most fields are dismissed without looking at a character. */
function readSpecial(text: string, spans: readonly number[]): Special {
  const special: Special = {
    host: undefined,
    hosts: 0,
    contentLength: undefined,
    transferEncoding: undefined,
    expectsContinue: false,
    hasUnknownExpectation: false,
  };
  for (let at = 0; at < spans.length; at += 4) {
    const length = (spans[at + 1] as number) - (spans[at] as number);
    if (length !== 4 && length !== 14 && length !== 17 && length !== 6) continue;
    const name = text.slice(spans[at], spans[at + 1]).toLowerCase();
    if (name === 'host') {
      special.host = text.slice(spans[at + 2], spans[at + 3]);
      special.hosts += 1;
    } else if (name === 'content-length') {
      special.contentLength = text.slice(spans[at + 2], spans[at + 3]);
    } else if (name === 'transfer-encoding') {
      const value = text.slice(spans[at + 2], spans[at + 3]);
      special.transferEncoding =
        special.transferEncoding === undefined ? value : `${special.transferEncoding}, ${value}`;
    } else if (name === 'expect') {
      const isKnown = text.slice(spans[at + 2], spans[at + 3]).toLowerCase() === '100-continue';
      special.expectsContinue ||= isKnown;
      special.hasUnknownExpectation ||= !isKnown;
    }
  }
  return special;
}

/** How long a request's body is: RFC 9112 section 6.3; `undefined` for a chunked one. */
function bodyLength(special: Special, version: '1.0' | '1.1'): number | undefined {
  if (special.transferEncoding !== undefined) {
    checkTransferEncoding(special.transferEncoding, version);
    return undefined;
  }
  return special.contentLength === undefined ? 0 : parseContentLength(special.contentLength);
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}
