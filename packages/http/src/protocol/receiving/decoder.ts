/**
 * Bytes in, events out: the receiving half of a connection.
 *
 * The decoder drives the parser and turns what it says into events. The chunk it is given is borrowed, so everything
 * kept is copied: the head as one latin1 string, data as bytes of its own. A small chunk is one string with all its heads
 * in it. A head that comes in pieces is collected in a string that begins with it, so that a name cut in two by the
 * network is whole. Positions count in that string, whichever it is; `#origin` is where the chunk begins in it.
 *
 * Where the network cuts must not matter: not for the events, and not for which of two violations is found. So a limit is
 * a number of bytes that may come before the end of what it limits, and a violation beyond it is not one any more. What
 * is counted: a head from its first byte to its empty line, a trailer section from its first name to its empty line, and
 * chunk framing (`#framing`) from the end of a piece of data to the beginning of the next.
 *
 * A violation does not overtake what came before it: it is queued behind the good events.
 *
 * The file is longer than most because everything the parser says changes the one message that is under way. What can be
 * told from values alone is elsewhere: heads in `decoder-heads.ts`, failures in `decoder-failures.ts`; what waits to be
 * handed out is in `event-queue.ts`, the memory of bodies in `pieces.ts`.
 */

import {
  Errno,
  loadInput,
  MAX_INPUT,
  ParserType,
  reserveInput,
  type ParserSink,
} from '../../llhttp/instance.ts';
import { Parser } from '../../llhttp/parser.ts';
import { explain, overLimit } from './explain-failure.ts';
import {
  readRequestHead,
  readResponseHead,
  statusLineLength,
  type ResponseContext,
} from './read-head.ts';
import { RemoteProtocolError } from '../vocabulary/errors.ts';
import {
  CLOSED,
  Data,
  END,
  EndOfMessage,
  type ConnectionEvent,
  type RequestHead,
  type ResponseHead,
} from '../vocabulary/events.ts';
import { EventQueue } from './event-queue.ts';
import { Headers } from '../vocabulary/headers.ts';
import { latin1 } from '../vocabulary/latin1.ts';
import type { ProtocolLimits } from '../vocabulary/limits.ts';
import { isBlank } from '../vocabulary/lists.ts';
import { BodyMemory } from '../vocabulary/body-buffers.ts';
import { RepeatedHead } from './repeated-head.ts';
import { bad, bodyTooLarge, headTooLarge, trailersTooLarge } from './request-rules.ts';

export type Role = 'server' | 'client';

/** Where in a message the parser is. */
const Phase = { IDLE: 0, HEAD: 1, BODY: 2, TRAILERS: 3 } as const;

/** What an honest chunk may cost beside its data: a size line and two line ends. */
const CHUNK_ALLOWANCE = 16;
/** Up to this size a chunk is turned into text at once. */
const SMALL_CHUNK = 4_096;
const CR = 13;
const LF = 10;
const DEL = 127;

export class Decoder implements ParserSink {
  readonly #role: Role;
  readonly #limits: ProtocolLimits;
  readonly #context: ResponseContext;
  #parser: Parser | undefined;
  #phase: number = Phase.IDLE;
  readonly #events: EventQueue;
  readonly #body = new BodyMemory();
  /** Of a server's: responses differ in their date each second, and depend on what was asked. */
  readonly #repeated: RepeatedHead | undefined;
  /** The chunk that is being parsed, and where in it the present message, or what follows of it, begins. */
  #chunk: Uint8Array = NO_BYTES;
  /** The chunk as text, when it is small. */
  #chunkText: string | undefined;
  /** Whether the parser has been given the chunk. */
  #isLoaded = false;
  #begin = 0;
  /** Where the chunk's first byte stands in the string that positions count in, and where the head begins there. */
  #origin = 0;
  #headStart = 0;
  /** The head, the trailer section, or the chunk framing since the last piece of data, as far as it came before. */
  #text = '';
  #spans: number[] = [];
  #targetStart = -1;
  #targetEnd = -1;
  #bodyBytes = 0;
  /** Bytes to come of a body whose length is known: the parser counts them and looks at none. Below 0 for others. */
  #bodyLeft = 0;
  /** Bytes of empty lines before a request. */
  #blank = 0;
  /** Framing since the last piece of data, counted up to `#mark` in the chunk; and what earlier framing was too much. */
  #framing = 0;
  #mark = 0;
  #overhead = 0;
  #failure: RemoteProtocolError | undefined;
  /** The parser is at the end of a message. */
  #isComplete = false;
  #isInformational = false;
  #keepAlive = true;
  #isSwitching = false;
  /** Nothing more is read: the last message of the connection, or a failure. */
  #isDone = false;
  /** Nothing more is read in this cycle: what follows may be another protocol's, or was never asked for. */
  #isHeld = false;
  #sawEnd = false;

  constructor(role: Role, limits: ProtocolLimits, context: ResponseContext) {
    this.#role = role;
    this.#limits = limits;
    this.#context = context;
    this.#events = new EventQueue(limits);
    this.#repeated = role === 'server' ? new RepeatedHead() : undefined;
  }

  /** Whether a message has begun and its head is not complete. */
  get isInHead(): boolean {
    return this.#phase === Phase.HEAD;
  }

  /** Whether nothing is under way: no message begun, no event waiting. */
  get isIdle(): boolean {
    return this.#phase === Phase.IDLE && this.#events.isEmpty;
  }

  /** Whether it is as a new one: nothing that came matters any more. */
  get isBlank(): boolean {
    return this.isIdle && this.#blank === 0 && !this.#isDone && !this.#isHeld && !this.#sawEnd;
  }

  /** Takes the next event, a failure in its turn, or `undefined`. */
  shift(): ConnectionEvent | RemoteProtocolError | undefined {
    return this.#events.shift();
  }

  /** Whether an event is at hand. */
  get hasEvent(): boolean {
    return !this.#events.isEmpty;
  }

  /** Parses borrowed bytes; returns how many it took. Fewer than given: it has read ahead as far as it may. */
  receive(chunk: Uint8Array): number {
    if (chunk.length <= SMALL_CHUNK) return this.#receive(chunk);
    let taken = 0;
    while (taken < chunk.length) {
      const rest = chunk.subarray(taken);
      const view = rest.subarray(0, this.#portion(rest));
      const count = this.#receive(view);
      taken += count;
      if (count < view.length) break;
    }
    return taken;
  }

  /**
   * How much of a large chunk to parse at once: a head by itself, and what is left of a body by itself, so that the bulk
   * of it, whose length the head has told, is counted and not copied.
   */
  #portion(rest: Uint8Array): number {
    if (this.#bodyLeft > 0) return Math.min(this.#bodyLeft, MAX_INPUT);
    if (this.#phase === Phase.BODY) return MAX_INPUT;
    const end = indexOfBlankLine(rest);
    return end === -1 ? MAX_INPUT : Math.min(end + 4, MAX_INPUT);
  }

  #receive(chunk: Uint8Array): number {
    if (this.#isHeld) return 0;
    if (this.#isDone) return chunk.length;
    if (!this.#events.hasRoom) return 0;
    this.#chunk = chunk;
    this.#isLoaded = false;
    // A small chunk is nearly all head: as one text, it is searched for tabs and cut up without another call.
    const isText = chunk.length <= SMALL_CHUNK && this.#phase !== Phase.BODY;
    this.#chunkText = isText ? latin1(chunk) : undefined;
    let at = 0;
    while (at < chunk.length && !this.#isDone && !this.#isHeld && this.#events.hasRoom) {
      at = this.#phase === Phase.IDLE ? this.#beginMessage(at) : this.#parse(at);
    }
    this.#chunk = NO_BYTES;
    this.#chunkText = undefined;
    return this.#isDone && !this.#isHeld ? chunk.length : at;
  }

  /** Gives the parser the chunk, unless it is all of a body: those bytes are only counted. */
  #load(): void {
    this.#isLoaded = true;
    const chunk = this.#chunk;
    if (chunk.length <= this.#bodyLeft) reserveInput(chunk.length);
    else loadInput(chunk, this.#chunkText?.includes('\t'));
  }

  /** The peer finished. */
  receiveEnd(): void {
    if (this.#sawEnd) return;
    this.#sawEnd = true;
    if (this.#isHeld) return;
    if (!this.#isDone && this.#phase !== Phase.IDLE) {
      // A body that ends with the connection is whole now; the parser says so by completing the message.
      (this.#parser as Parser).finish(this);
      if (this.#isComplete) this.#completeMessage();
      else this.#fail(bad('the connection ended inside a message', 'TRUNCATED'));
    }
    this.#isDone = true;
    if (this.#failure === undefined) this.#events.push(CLOSED);
  }

  /**
   * The next request may come, or go out: what was held back is read. Not when what holds it was read ahead, and has not
   * been answered yet.
   */
  startNextCycle(): void {
    if (!this.#isHeld || this.hasEvent) return;
    this.#isHeld = false;
    if (this.#sawEnd) this.#events.push(CLOSED);
  }

  // --- What the parser says ------------------------------------------------------------------------------------

  onUrl(start: number, end: number): void {
    if (this.#targetStart === -1) this.#targetStart = this.#origin + start;
    this.#targetEnd = this.#origin + end;
  }

  onHeaderField(start: number, end: number): void {
    const spans = this.#spans;
    const last = spans.length - 1;
    if (this.#phase === Phase.BODY) this.#beginTrailers(start);
    // A field whose name goes on in this chunk has no value yet.
    if (last >= 0 && spans[last] === -1) spans[last - 2] = this.#origin + end;
    else spans.push(this.#origin + start, this.#origin + end, -1, -1);
  }

  onHeaderValue(start: number, end: number): void {
    const spans = this.#spans;
    const last = spans.length - 1;
    if (spans[last] === -1) spans[last - 1] = this.#origin + start;
    spans[last] = this.#origin + end;
  }

  onHeadersComplete(status: number, upgrade: boolean, keepAlive: boolean): number {
    try {
      return this.#role === 'server'
        ? this.#completeRequest(upgrade, keepAlive)
        : this.#completeResponse(status, keepAlive);
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      this.#failure = error;
      return -1;
    }
  }

  onBody(start: number, end: number): void {
    this.#bodyLeft -= end - start;
    this.#closeFraming(start);
    this.#mark = end;
    this.#overhead = Math.max(0, this.#overhead - 2 * (end - start));
    if (this.#failure !== undefined) return;
    const room = this.#limits.bodyBytes - this.#bodyBytes;
    const size = Math.min(end - start, room);
    this.#bodyBytes += size;
    if (size > 0) {
      const isFirst = size === this.#bodyBytes;
      const data =
        this.#chunkText === undefined
          ? this.#body.keep(this.#chunk, start, size, isFirst ? this.#bodyLeft : 0)
          : this.#chunkText.slice(start, start + size);
      this.#events.pushData(new Data(data));
    }
    if (size < end - start) this.#failure = bodyTooLarge(this.#limits);
  }

  onMessageComplete(): void {
    this.#isComplete = true;
  }

  // --- Messages ------------------------------------------------------------------------------------------------

  /** Skips empty lines (RFC 9112 section 2.2), or begins a message; returns how far it got. */
  #beginMessage(at: number): number {
    const byte = this.#chunk[at];
    if (this.#role === 'server' && (byte === CR || byte === LF || this.#blank % 2 === 1)) {
      const isInOrder = byte === (this.#blank % 2 === 0 ? CR : LF);
      this.#blank += 1;
      if (!isInOrder) this.#fail(bad('there is a bare CR or LF before the request', 'LINE'));
      else if (this.#blank > this.#limits.leadingBytes) {
        this.#fail(bad('there are too many empty lines before the request', 'LINE'));
      }
      return at + 1;
    }
    if (this.#role === 'client' && this.#context.expectedMethod === undefined) {
      this.#fail(bad('a response came that no request asked for', 'UNSOLICITED'));
      return at;
    }
    this.#blank = 0;
    const end = this.#repeat(at);
    if (end !== -1) return end;
    this.#parser = Parser.acquire(
      this.#role === 'server' ? ParserType.REQUEST : ParserType.RESPONSE,
    );
    this.#phase = Phase.HEAD;
    this.#targetStart = -1;
    this.#targetEnd = -1;
    this.#body.begin();
    this.#bodyBytes = 0;
    this.#overhead = 0;
    this.#framing = 0;
    return this.#parse(at);
  }

  /** Takes a message whose head is the remembered one and that is whole in this chunk; returns where it ends, or -1. */
  #repeat(at: number): number {
    const repeated = this.#repeated;
    const text = this.#chunkText;
    if (repeated === undefined || text === undefined) return -1;
    const head = repeated.find(text, at);
    if (head === undefined) return -1;
    const start = at + repeated.length;
    const end = start + (head.contentLength as number);
    this.#events.push(head.copy());
    if (end > start) this.#events.pushData(new Data(text.slice(start, end)));
    this.#events.pushLast(END);
    return end;
  }

  /** Parses from `at` to the end of the chunk or of the message; returns how far it got. */
  #parse(at: number): number {
    const chunk = this.#chunk;
    const parser = this.#parser as Parser;
    if (!this.#isLoaded) this.#load();
    this.#begin = at;
    this.#mark = at;
    this.#place(at);
    const errno = parser.execute(this, at, chunk.length);
    const end = errno === Errno.OK ? chunk.length : parser.position;
    const isWhole = this.#isComplete && this.#failure === undefined;
    const isBroken = errno !== Errno.OK && !isWhole;
    this.#checkLimit(end, isWhole, isBroken);
    if (isBroken) this.#failure ??= explain(errno, parser.version);
    if (this.#failure !== undefined) this.#fail(this.#failure);
    else if (isWhole) this.#completeMessage(end);
    else this.#keepText();
    return end;
  }

  /**
   * Refuses what reached its limit before `end`, in place of a violation that the parser found there: byte by byte, the
   * limit would have come first. A message that is whole at `end` was still incomplete one byte before.
   */
  #checkLimit(end: number, isWhole: boolean, isBroken: boolean): void {
    const limits = this.#limits;
    const size = this.#text.length + end - this.#begin;
    if (this.#phase === Phase.HEAD) {
      // A head that was refused is whole.
      if (size - (this.#failure === undefined ? 0 : 1) >= limits.headerBytes) {
        this.#failure = overLimit(this.#textTo(limits.headerBytes), this.#role, limits);
      }
    } else if (this.#phase === Phase.TRAILERS) {
      if (size - (isWhole ? 1 : 0) >= limits.trailerBytes) {
        this.#failure ??= trailersTooLarge(limits);
      }
    } else {
      this.#checkExtension(end);
      this.#framing += end - this.#mark;
      if (this.#framing > 0) this.#text += latin1(this.#chunk, this.#mark, end);
      if (isBroken) this.#checkBrokenFraming();
      else this.#checkFraming(this.#framing - (isWhole ? 1 : 0));
    }
  }

  /** A trailer that breaks off in its name is none to the parser: what came after the last chunk tells. */
  #checkBrokenFraming(): void {
    const lastChunk = LAST_CHUNK.exec(this.#text)?.[0].length ?? this.#framing;
    this.#checkFraming(lastChunk);
    if (this.#framing - lastChunk >= this.#limits.trailerBytes) {
      this.#failure ??= trailersTooLarge(this.#limits);
    }
  }

  /** Ends the message, at `end` in the chunk when it has trailers. */
  #completeMessage(end = 0): void {
    let event = END;
    if (this.#phase === Phase.TRAILERS) {
      const text = this.#textOfHead(this.#text.length + end - this.#begin);
      event = new EndOfMessage(new Headers(text, this.#takeSpans(text)));
    }
    this.#text = '';
    this.#isComplete = false;
    this.#phase = Phase.IDLE;
    this.#release();
    // An informational response is whole with its head: the one that counts follows.
    if (this.#isInformational) return;
    this.#events.pushLast(event);
    this.#isDone = !this.#keepAlive;
    this.#isHeld = this.#isSwitching || (this.#role === 'client' && this.#keepAlive);
  }

  #completeRequest(upgrade: boolean, keepAlive: boolean): number {
    const text = this.#takeHead();
    const parser = this.#parser as Parser;
    const line = {
      text,
      start: this.#headStart,
      targetStart: this.#targetStart,
      targetEnd: this.#targetEnd,
    };
    const spans = this.#takeSpans(text);
    const head = readRequestHead(line, spans, parser, upgrade, keepAlive, this.#limits);
    // A head that proposes another protocol says more than where its body ends: that is always the parser's.
    if (this.#isInChunk && !upgrade) {
      this.#repeated?.remember(text.slice(this.#headStart, this.#mark), head);
    }
    this.#beginBody(head);
    return head.upgrade ? 2 : 0;
  }

  #completeResponse(status: number, keepAlive: boolean): number {
    const text = this.#takeHead();
    const spans = this.#takeSpans(text);
    const start = this.#headStart;
    const head = readResponseHead(
      text,
      start,
      spans,
      status,
      keepAlive,
      this.#context,
      this.#limits,
    );
    this.#isInformational = head.type === 'informational';
    this.#beginBody(head);
    if (head.upgrade) return 2;
    return head.contentLength === 0 ? 1 : 0;
  }

  // --- Inside --------------------------------------------------------------------------------------------------

  /** Says in which string positions count: what is collected goes on at `at` in the chunk, or the chunk's own text. */
  #place(at: number): void {
    if (this.#isInChunk) {
      this.#origin = 0;
      this.#headStart = at;
    } else {
      this.#origin = this.#text.length - at;
      this.#headStart = 0;
    }
  }

  /** The string that positions count in, with all of a head that is `size` long in it. */
  #textOfHead(size: number): string {
    return this.#isInChunk ? (this.#chunkText as string) : this.#textTo(size);
  }

  /** Whether all of the head is in the chunk's own text. */
  get #isInChunk(): boolean {
    return this.#text === '' && this.#chunkText !== undefined;
  }

  /** As many characters of what is collected as there are, up to `length`. */
  #textTo(length: number): string {
    if (length < this.#text.length) return this.#text.slice(0, length);
    const end = Math.min(this.#chunk.length, this.#begin + length - this.#text.length);
    const text =
      this.#chunkText === undefined
        ? latin1(this.#chunk, this.#begin, end)
        : this.#chunkText.slice(this.#begin, end);
    return this.#text === '' ? text : this.#text + text;
  }

  /** The text of the head that is complete. Sets `#mark` behind it: the parser does not say where it stands. */
  #takeHead(): string {
    const { headerBytes } = this.#limits;
    const size = this.#headSize();
    if (size > headerBytes) throw headTooLarge(this.#limits);
    this.#mark = this.#begin + size - this.#text.length;
    return this.#textOfHead(size);
  }

  /** How long the head is, its empty line included. */
  #headSize(): number {
    const spans = this.#spans;
    const end = spans.at(-1);
    // Two line ends follow a value; an empty one is found where the next line begins, behind the first of them.
    if (end !== undefined) return end - this.#headStart + (end === spans.at(-2) ? 2 : 4);
    // Eleven bytes, ` HTTP/1.1` and a line end, follow the target; and the empty line.
    if (this.#role === 'server') return this.#targetEnd - this.#headStart + 13;
    return statusLineLength(this.#textOfHead(Infinity), this.#headStart) + 4;
  }

  /** The fields' positions, without the white space after a value (RFC 9112 section 5). */
  #takeSpans(text: string): number[] {
    const spans = this.#spans;
    this.#spans = [];
    for (let at = 3; at < spans.length; at += 4) {
      const start = spans[at - 1] as number;
      let end = spans[at] as number;
      while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
      spans[at] = end;
    }
    return spans;
  }

  /** Keeps what this chunk gave of a head, or of trailers, that go on in the next one. */
  #keepText(): void {
    if (this.#phase === Phase.BODY) return;
    const start = this.#headStart;
    this.#text = this.#textTo(Infinity);
    if (start > 0) this.#rebase(start);
  }

  /** What is collected begins with the head: positions in the chunk's text move to where they are in it. */
  #rebase(start: number): void {
    if (this.#targetStart !== -1) {
      this.#targetStart -= start;
      this.#targetEnd -= start;
    }
    const spans = this.#spans;
    for (const [at, position] of spans.entries()) if (position !== -1) spans[at] = position - start;
  }

  #beginBody(head: RequestHead | ResponseHead): void {
    this.#phase = Phase.BODY;
    this.#text = '';
    this.#keepAlive = head.keepAlive;
    this.#isSwitching = head.upgrade;
    this.#bodyLeft = head.contentLength ?? 0;
    if (this.#isInformational) this.#events.pushLast(head);
    else this.#events.push(head);
  }

  #beginTrailers(start: number): void {
    this.#closeFraming(start);
    this.#phase = Phase.TRAILERS;
    this.#begin = start;
    this.#place(start);
  }

  /** Data, or trailers, begin: the chunk framing before them is complete. */
  #closeFraming(start: number): void {
    const framing = this.#framing + start - this.#mark;
    if (framing === 0) return;
    this.#checkExtension(start);
    this.#checkFraming(framing);
    this.#overhead = Math.max(0, this.#overhead + framing - CHUNK_ALLOWANCE);
    this.#framing = 0;
    this.#text = '';
  }

  /** The parser lets DEL stand in a quoted value of a chunk's extension; RFC 9110 section 5.6.4 does not. */
  #checkExtension(end: number): void {
    for (let at = this.#mark; at < end; at += 1) {
      if (this.#chunk[at] !== DEL) continue;
      this.#checkFraming(this.#framing + at + 1 - this.#mark);
      this.#failure ??= bad('a chunk extension has a control character', 'MALFORMED');
      return;
    }
  }

  /** Chunk framing that grows faster than data: extensions without end. */
  #checkFraming(framing: number): void {
    if (this.#overhead + framing <= this.#limits.chunkOverheadBytes) return;
    this.#failure ??= bad('there is more chunk framing than data', 'CHUNK_OVERHEAD');
  }

  #release(): void {
    this.#parser?.release();
    this.#parser = undefined;
  }

  #fail(error: RemoteProtocolError): void {
    this.#failure = error;
    this.#isDone = true;
    this.#text = '';
    this.#events.push(error);
    this.#release();
  }
}

const NO_BYTES = new Uint8Array(0);

/** Node's own search, which works on any bytes: that of typed arrays looks for single ones, and takes its time. */
function indexOfBlankLine(bytes: Uint8Array): number {
  return Buffer.prototype.indexOf.call(bytes, '\r\n\r\n', 0, 'latin1');
}

/** Framing up to the trailer section, or to the empty line in its place. */
const LAST_CHUNK = /^(?:\r\n)?0+(?:;[^\r\n]*)?\r\n\r?/;
