/**
 * Bytes in, events out: the receiving half of a connection.
 *
 * The decoder drives the parser, turns its callbacks into events and follows the life of one message after another
 * (`decoder-state.ts`). Its parts keep the rest: where the text of a head lies (`head-text.ts`), what came of the body
 * (`incoming-body.ts`), what chunk framing has cost (`chunk-overhead.ts`), which events wait to be taken (`event-queue.ts`).
 * The chunk it is given is borrowed, so everything kept is copied: the head as one latin1 string, data as separate bytes or
 * text.
 *
 * Where the network cuts must not matter: not for the events, and not for which of two violations is found. So a limit is
 * a number of bytes that may come before the end of what it limits, and a violation beyond it is not one any more. What
 * is counted: a head from its first byte to its empty line, a trailer section from its first name to its empty line, and
 * chunk framing from the end of a piece of data to the beginning of the next.
 *
 * A violation does not overtake what came before it: it is queued behind the good events.
 */

import {
  Errno,
  loadInput,
  ParserType,
  reserveInput,
  type ParserSink,
} from '../../llhttp/instance.ts';
import { Parser } from '../../llhttp/parser.ts';
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
import type { ProtocolLimits } from '../vocabulary/limits.ts';
import { ChunkOverhead } from './chunk-overhead.ts';
import { Phase, Reading } from './decoder-state.ts';
import { EventQueue } from './event-queue.ts';
import { explain, overLimit } from './explain-failure.ts';
import { HeadText } from './head-text.ts';
import { IncomingBody } from './incoming-body.ts';
import type { ResponseContext } from './read-head.ts';
import { portionOf, SMALL_CHUNK } from './portion.ts';
import { RepeatedHead } from './repeated-head.ts';
import { bad, bodyTooLarge, headTooLarge, trailersTooLarge } from './request-rules.ts';

export type Role = 'server' | 'client';

// Constants of this module are compiled in; properties of an imported object would be looked up.
const { IDLE, HEAD, BODY, TRAILERS, INTERIM } = Phase;
const { OPEN, HELD, HELD_AT_END, LAST, ENDED, FAILED } = Reading;

const CR = 13;
const LF = 10;

export class Decoder implements ParserSink {
  readonly #role: Role;
  readonly #limits: ProtocolLimits;
  readonly #context: ResponseContext;
  #parser: Parser | undefined;
  #phase: Phase = IDLE;
  #reading: Reading = OPEN;
  /** What `#reading` becomes at the end of the present message. */
  #next: Reading = OPEN;
  readonly #events: EventQueue;
  readonly #repeated: RepeatedHead;
  readonly #head = new HeadText();
  readonly #body: IncomingBody;
  readonly #overhead: ChunkOverhead;
  /** Whether the parser has been given the chunk. */
  #isLoaded = false;
  /** Bytes of empty lines before a request. */
  #blank = 0;
  /** What was found wrong while the parser runs. */
  #failure: RemoteProtocolError | undefined;
  #isFailedHead = false;
  #failedAt = -1;
  /** Where the part of a large chunk begins that is parsed. */
  #base = 0;

  constructor(role: Role, limits: ProtocolLimits, context: ResponseContext) {
    this.#role = role;
    this.#limits = limits;
    this.#context = context;
    this.#events = new EventQueue(limits);
    this.#repeated = new RepeatedHead();
    this.#body = new IncomingBody(limits);
    this.#overhead = new ChunkOverhead(limits);
  }

  /** Whether a message has begun and its head is not complete. */
  get isInHead(): boolean {
    return this.#phase === HEAD;
  }

  /** Whether nothing is under way: no message begun, no event waiting. */
  get isIdle(): boolean {
    return this.#phase === IDLE && this.#events.isEmpty;
  }

  /** Whether it is as a new one: nothing that came matters any more. */
  get isBlank(): boolean {
    return this.isIdle && this.#blank === 0 && this.#reading === OPEN;
  }

  /** Whether it failed in the head of a HEAD request. */
  get isFailedHead(): boolean {
    return this.#isFailedHead;
  }

  /** The byte of the last chunk at which it failed; -1 when it did not, or at the end of the connection. */
  get failedAt(): number {
    return this.#failedAt;
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
      const left = chunk.subarray(taken);
      const view = left.subarray(0, portionOf(left, this.#body.left, this.#phase === BODY));
      this.#base = taken;
      const count = this.#receive(view);
      taken += count;
      if (count < view.length) break;
    }
    this.#base = 0;
    return taken;
  }

  #receive(chunk: Uint8Array): number {
    if (this.#reading !== OPEN) return this.#reading >= LAST ? chunk.length : 0;
    if (!this.#events.hasRoom) return 0;
    // A small chunk is nearly all head: as one text, it is searched for tabs and cut up without another call.
    const isText = chunk.length <= SMALL_CHUNK && this.#phase !== BODY;
    this.#head.takeChunk(chunk, isText);
    this.#isLoaded = false;
    let at = 0;
    while (at < chunk.length && this.#reading === OPEN && this.#events.hasRoom) {
      at = this.#phase === IDLE ? this.#beginMessage(at) : this.#parse(at);
    }
    this.#head.dropChunk();
    return this.#reading >= LAST ? chunk.length : at;
  }

  /** Gives the parser the chunk, unless all of it is part of a body of known length: those bytes are only counted. */
  #load(): void {
    this.#isLoaded = true;
    const { chunk, chunkText } = this.#head;
    if (chunk.length <= this.#body.left) reserveInput(chunk.length);
    else loadInput(chunk, chunkText?.includes('\t'));
  }

  /** The peer finished. */
  receiveEnd(): void {
    if (this.#reading === HELD) {
      this.#reading = HELD_AT_END;
      return;
    }
    if (this.#reading === OPEN && this.#phase !== IDLE) {
      // A body that ends with the connection is complete now, and the parser completes it.
      const errno = (this.#parser as Parser).finish(this);
      if (errno === Errno.PAUSED) this.#completeMessage();
      else this.#fail(bad('the connection ended inside a message', 'TRUNCATED'));
    }
    if (this.#reading === OPEN || this.#reading === LAST) this.#end();
  }

  /**
   * The next request may come, or go out: what was held back is read. Not when what holds it was read ahead, and has not
   * been answered yet.
   */
  startNextCycle(): void {
    if (this.hasEvent) return;
    if (this.#reading === HELD) this.#reading = OPEN;
    else if (this.#reading === HELD_AT_END) this.#end();
  }

  // --- The parser's callbacks ------------------------------------------------------------------------------------

  onUrl(start: number, end: number): void {
    this.#head.addTarget(start, end);
  }

  onHeaderField(start: number, end: number): void {
    if (this.#phase === BODY) this.#beginTrailers(start);
    this.#head.addName(start, end);
  }

  onHeaderValue(start: number, end: number): void {
    this.#head.addValue(start, end);
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
    const { chunk, chunkText } = this.#head;
    this.#failure ??= this.#overhead.data(chunk, start, end);
    if (this.#failure !== undefined) return;
    const data = this.#body.take(chunk, chunkText, start, end);
    if (data !== undefined) this.#events.pushData(data);
    if (this.#body.isTooLarge) this.#failure = bodyTooLarge(this.#limits);
  }

  // --- Messages ------------------------------------------------------------------------------------------------

  /** Skips empty lines (RFC 9112 section 2.2), or begins a message; returns how far it got. */
  #beginMessage(at: number): number {
    const byte = this.#head.chunk[at];
    if (this.#role === 'server' && (byte === CR || byte === LF || this.#blank % 2 === 1)) {
      const isInOrder = byte === (this.#blank % 2 === 0 ? CR : LF);
      this.#blank += 1;
      if (!isInOrder) this.#fail(bad('there is a bare CR or LF before the request', 'LINE'), at);
      else if (this.#blank > this.#limits.leadingBytes) {
        this.#fail(bad('there are too many empty lines before the request', 'LINE'), at);
      }
      return at + 1;
    }
    if (this.#role === 'client' && this.#context.expectedMethod === undefined) {
      this.#fail(bad('a response came that no request asked for', 'UNSOLICITED'), at);
      return at;
    }
    this.#blank = 0;
    const end = this.#repeat(at);
    if (end !== -1) return end;
    this.#parser = Parser.acquire(
      this.#role === 'server' ? ParserType.REQUEST : ParserType.RESPONSE,
    );
    this.#phase = HEAD;
    this.#head.reset();
    this.#overhead.reset();
    return this.#parse(at);
  }

  /** Takes a message whose head is the remembered one and that is whole in this chunk; returns where it ends, or -1. */
  #repeat(at: number): number {
    const repeated = this.#repeated;
    const text = this.#head.chunkText;
    if (text === undefined || !this.#isPlain) return -1;
    const head = repeated.find(text, at);
    if (head === undefined) return -1;
    const start = at + repeated.length;
    const end = start + (head.contentLength as number);
    this.#events.push(head.copy());
    if (end > start) this.#events.pushData(new Data(text.slice(start, end)));
    this.#events.pushLast(END);
    if (this.#role === 'client') this.#reading = HELD;
    return end;
  }

  /** Whether the bytes of a head say all. They do not in a response to HEAD, or where another protocol may follow. */
  get #isPlain(): boolean {
    if (this.#role === 'server') return true;
    const { expectedMethod, isSwitchProposed } = this.#context;
    return expectedMethod !== 'HEAD' && !isSwitchProposed;
  }

  /** Parses from `at` to the end of the chunk or of the message; returns how far it got. */
  #parse(at: number): number {
    const { length } = this.#head.chunk;
    const parser = this.#parser as Parser;
    if (!this.#isLoaded) this.#load();
    this.#head.resume(at);
    this.#overhead.resume(at);
    const errno = parser.execute(this, at, length);
    const end = errno === Errno.OK ? length : parser.position;
    // It pauses at the end of each message, and nowhere else.
    const isWhole = errno === Errno.PAUSED && this.#failure === undefined;
    const isBroken = errno !== Errno.OK && !isWhole;
    this.#checkLimit(end, isWhole, isBroken);
    if (isBroken) this.#failure ??= explain(errno, parser.version);
    if (this.#failure !== undefined) this.#fail(this.#failure, end);
    else if (isWhole) this.#completeMessage(end);
    else if (this.#phase !== BODY) this.#head.keep();
    return end;
  }

  /**
   * Refuses what reached its limit before `end`, in place of a violation that the parser found there: byte by byte, the
   * limit would have come first. A message that is whole at `end` was still incomplete one byte before.
   */
  #checkLimit(end: number, isWhole: boolean, isBroken: boolean): void {
    const limits = this.#limits;
    if (this.#phase === HEAD) {
      // A head that was refused is whole.
      if (this.#head.sizeAt(end) - (this.#failure === undefined ? 0 : 1) >= limits.headerBytes) {
        this.#failure = overLimit(this.#head.prefix(limits.headerBytes), this.#role, limits);
      }
    } else if (this.#phase === TRAILERS) {
      if (this.#head.sizeAt(end) - (isWhole ? 1 : 0) >= limits.trailerBytes) {
        this.#failure ??= trailersTooLarge(limits);
      }
    } else {
      this.#failure ??= this.#overhead.stop(this.#head.chunk, end, isWhole, isBroken);
    }
  }

  #completeRequest(upgrade: boolean, keepAlive: boolean): number {
    const size = this.#sizeOfHead();
    const parser = this.#parser as Parser;
    const head = this.#head.readRequest(size, parser, upgrade, keepAlive, this.#limits);
    // After a head that proposes another protocol, the parser decides what follows, each time.
    const text = upgrade ? undefined : this.#head.textInChunk(size);
    if (text !== undefined) this.#repeated.remember(text, head);
    this.#beginBody(head);
    return head.upgrade ? 2 : 0;
  }

  #completeResponse(status: number, keepAlive: boolean): number {
    const size = this.#sizeOfHead();
    const head = this.#head.readResponse(size, status, keepAlive, this.#context, this.#limits);
    const isPlain = head.type === 'response' && this.#isPlain;
    const text = isPlain ? this.#head.textInChunk(size) : undefined;
    if (text !== undefined) this.#repeated.remember(text, head);
    this.#beginBody(head);
    if (head.upgrade) return 2;
    return head.contentLength === 0 ? 1 : 0;
  }

  /** How long the head is that is complete; framing is counted from its end. */
  #sizeOfHead(): number {
    const { size } = this.#head;
    if (size > this.#limits.headerBytes) throw headTooLarge(this.#limits);
    this.#overhead.resume(this.#head.endAt(size));
    return size;
  }

  #beginBody(head: RequestHead | ResponseHead): void {
    this.#head.clear();
    this.#body.begin(head.contentLength ?? 0);
    if (head.type === 'informational') {
      this.#phase = INTERIM;
      this.#events.pushLast(head);
      return;
    }
    this.#phase = BODY;
    const holds = head.upgrade || (this.#role === 'client' && head.keepAlive);
    this.#next = holds ? HELD : head.keepAlive ? OPEN : LAST;
    this.#events.push(head);
  }

  #beginTrailers(start: number): void {
    this.#failure ??= this.#overhead.close(this.#head.chunk, start);
    this.#phase = TRAILERS;
    this.#head.resume(start);
  }

  /** Ends the message, at `end` in the chunk when it has trailers. */
  #completeMessage(end = 0): void {
    const phase = this.#phase;
    this.#phase = IDLE;
    this.#release();
    // The head that counts follows.
    if (phase === INTERIM) return;
    if (phase === BODY) this.#events.pushLast(END);
    else {
      this.#events.pushLast(new EndOfMessage(this.#head.readTrailers(end)));
      this.#head.clear();
    }
    this.#reading = this.#next;
  }

  // --- Ends ------------------------------------------------------------------------------------------------------

  #end(): void {
    this.#reading = ENDED;
    this.#events.push(CLOSED);
  }

  #fail(error: RemoteProtocolError, at = -1): void {
    this.#failedAt = at === -1 ? -1 : this.#base + at;
    this.#reading = FAILED;
    this.#isFailedHead = this.#phase === HEAD && this.#head.prefix(5) === 'HEAD ';
    this.#head.clear();
    this.#events.push(error);
    this.#release();
  }

  #release(): void {
    this.#parser?.release();
    this.#parser = undefined;
  }
}
