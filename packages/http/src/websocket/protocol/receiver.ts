/**
 * One direction of a connection: bytes in, events out.
 *
 * A frame’s payload is unmasked and checked as it comes, so that a message is refused at its first wrong byte. What one side
 * does is judged by the table of `state.ts` and by the limits; the first fault is the last event.
 */

import { CloseCode, isSendableCloseCode } from './close-codes.ts';
import { limitExceeded, WebSocketError } from './errors.ts';
import type { MessagePart, WebSocketEvent } from './events.ts';
import { FrameHead } from './frame-head.ts';
import type { WebSocketProtocolLimits } from './limits.ts';
import { copyMasked } from './mask.ts';
import type { MessageDecoder } from './message-coding.ts';
import { Opcode } from './opcodes.ts';
import { Payload } from './payload.ts';
import { MOVES, moveOf, SideState, type Move } from './state.ts';
import { textOf, Utf8Checker } from './utf8.ts';

/** How much of a coded payload is decoded at once, and after how many decoded bytes the caller gets a turn. */
const CODED_PIECE = 1_024;
const DECODED_A_CALL = 65_536;

export class Receiver {
  readonly #limits: WebSocketProtocolLimits;
  readonly #decoder: MessageDecoder | undefined;
  readonly #head: FrameHead;
  readonly #events: WebSocketEvent[] = [];
  readonly #utf8 = new Utf8Checker();
  /** Of the message that is coming, and of a control frame between its fragments. */
  readonly #message = new Payload();
  readonly #control = new Payload();
  #state: SideState = SideState.READY;
  /** Bytes of the frame that are still to come; -1 between two frames. */
  #left = -1;
  /** Bytes that were decoded in this call. */
  #decoded = 0;
  #isText = false;
  #isCoded = false;
  #fragments = 0;
  /** Bytes of the message that is coming which were taken as parts. */
  #taken = 0;
  #controls = 0;
  #messagesWaiting = 0;

  /**
   * @param isMasked - Whether the peer has to mask its frames: a client does.
   * @param decoder - For messages that are coded, if that was agreed.
   */
  constructor(
    isMasked: boolean,
    limits: WebSocketProtocolLimits,
    decoder: MessageDecoder | undefined,
  ) {
    this.#head = new FrameHead(isMasked, decoder !== undefined);
    this.#limits = limits;
    this.#decoder = decoder;
  }

  /** What the peer may send next. */
  get state(): SideState {
    return this.#state;
  }

  /** Takes the next event; `undefined` when there is none. */
  next(): WebSocketEvent | undefined {
    const event = this.#events.shift();
    if (event?.type === 'message') this.#messagesWaiting -= 1;
    return event;
  }

  /** How many bytes of the message that is coming are there, when all events were taken. */
  get partBytes(): number {
    return this.#events.length === 0 ? this.#message.size : 0;
  }

  /**
   * Takes what is there of the message that is coming, which then does not have to fit into memory; its end is the event
   * `tail`. `undefined` when there is nothing.
   */
  takePart(): MessagePart | undefined {
    const size = this.partBytes;
    if (size === 0) return undefined;
    this.#taken += size;
    return { isText: this.#isText, data: this.#message.take() };
  }

  /** Takes bytes. @returns How many; fewer when enough messages wait to be taken, or much was decoded. */
  receive(bytes: Uint8Array): number {
    this.#controls = 0;
    this.#decoded = 0;
    let at = 0;
    try {
      while (at < bytes.length) {
        // What follows a close frame, or a fault, is dropped (RFC 6455 sections 1.4 and 7.1.7).
        if (this.#isOver) return bytes.length;
        if (this.#messagesWaiting >= this.#limits.readAheadMessages) return at;
        if (this.#decoded >= DECODED_A_CALL) return at;
        if (this.#left === -1) {
          if (this.#head.push(bytes[at] as number)) this.#beginFrame();
          at += 1;
        } else {
          const most = this.#isDecoding ? CODED_PIECE : this.#left;
          const end = Math.min(bytes.length, at + this.#left, at + most);
          this.#takePayload(bytes.subarray(at, end));
          at = end;
        }
      }
    } catch (error) {
      this.#fail(error);
      return bytes.length;
    }
    return at;
  }

  /** The peer’s half of the connection has ended. */
  receiveEnd(): void {
    this.#state = MOVES[this.#state].end as SideState;
    this.#events.push({ type: 'end', isClean: this.#state === SideState.ENDED });
  }

  /** Whether the payload of this frame is coded. */
  get #isDecoding(): boolean {
    return this.#isCoded && !this.#head.isControl;
  }

  get #isOver(): boolean {
    return this.#state !== SideState.READY && this.#state !== SideState.IN_MESSAGE;
  }

  #fail(error: unknown): void {
    if (!(error instanceof WebSocketError)) throw error;
    this.#state = MOVES[this.#state].failure as SideState;
    this.#message.take();
    this.#events.push({ type: 'failure', error });
  }

  #move(move: Move): void {
    const next = MOVES[this.#state][move];
    if (next === undefined) {
      throw new WebSocketError(
        this.#state === SideState.READY
          ? 'expected a new message, got a continuation of none'
          : 'expected the rest of a message, got another message',
        'ERR_WEBSOCKET_FRAGMENT',
      );
    }
    this.#state = next;
  }

  #beginFrame(): void {
    const head = this.#head;
    this.#left = head.length;
    if (head.isControl) this.#countControl();
    else this.#beginPart();
    if (head.length === 0) this.#endFrame();
  }

  #countControl(): void {
    const { controlFrames } = this.#limits;
    this.#controls += 1;
    if (this.#controls <= controlFrames) return;
    throw limitExceeded(
      'a row of control frames',
      'controlFrames',
      controlFrames,
      CloseCode.POLICY_VIOLATION,
    );
  }

  /** A message, or its next fragment, begins. */
  #beginPart(): void {
    const { opcode, isFinal, isCoded, length } = this.#head;
    const { frameBytes, fragments } = this.#limits;
    const isFirst = opcode !== Opcode.CONTINUATION;
    this.#controls = 0;
    this.#move(moveOf(isFirst, isFinal));
    if (isFirst) {
      this.#isText = opcode === Opcode.TEXT;
      this.#isCoded = isCoded;
      this.#fragments = 0;
      this.#taken = 0;
      this.#utf8.reset();
    }
    this.#fragments += 1;
    const { MESSAGE_TOO_BIG, POLICY_VIOLATION } = CloseCode;
    if (length > frameBytes) {
      throw limitExceeded('a frame of bytes', 'frameBytes', frameBytes, MESSAGE_TOO_BIG);
    }
    // The length of a coded message shows as it is decoded.
    if (!this.#isCoded) this.#checkSize(length);
    if (this.#fragments > fragments) {
      throw limitExceeded('fragments of a message', 'fragments', fragments, POLICY_VIOLATION);
    }
  }

  #checkSize(more: number): void {
    const { messageBytes } = this.#limits;
    if (this.#taken + this.#message.size + more <= messageBytes) return;
    const { MESSAGE_TOO_BIG } = CloseCode;
    throw limitExceeded('a message of bytes', 'messageBytes', messageBytes, MESSAGE_TOO_BIG);
  }

  #takePayload(bytes: Uint8Array): void {
    const { isControl, length, mask } = this.#head;
    const phase = length - this.#left;
    this.#left -= bytes.length;
    if (this.#isDecoding) this.#decode(bytes, mask, phase);
    else if (isControl) this.#control.push(bytes, mask, phase, this.#left, false);
    else this.#checkText(this.#message.push(bytes, mask, phase, this.#left, this.#isText));
    if (this.#left === 0) this.#endFrame();
  }

  #decode(bytes: Uint8Array, mask: number, phase: number): void {
    const plain = new Uint8Array(bytes.length);
    copyMasked(bytes, plain, 0, mask, phase);
    (this.#decoder as MessageDecoder).push(plain, this.#takeDecoded);
  }

  readonly #takeDecoded = (piece: Uint8Array): void => {
    this.#decoded += piece.length;
    this.#checkSize(piece.length);
    this.#checkText(this.#message.push(piece, 0, 0, 0, this.#isText));
  };

  #checkText(added: Uint8Array): void {
    if (this.#isText && !this.#utf8.push(added)) throw notUtf8('a message');
  }

  #endFrame(): void {
    const { isControl, isFinal } = this.#head;
    this.#left = -1;
    if (isControl) this.#endControl();
    else if (isFinal) this.#endMessage();
  }

  #endMessage(): void {
    if (this.#isCoded) (this.#decoder as MessageDecoder).end(this.#takeDecoded);
    if (this.#isText && !this.#utf8.isComplete) throw notUtf8('a message');
    const bytes = this.#message.take();
    if (this.#taken > 0) {
      this.#events.push({ type: 'tail', data: bytes });
      return;
    }
    this.#events.push({ type: 'message', data: this.#isText ? textOf(bytes) : bytes });
    this.#messagesWaiting += 1;
  }

  #endControl(): void {
    const data = this.#control.take();
    const { opcode } = this.#head;
    if (opcode === Opcode.CLOSE) {
      const close = readClose(data);
      this.#move('close');
      this.#message.take();
      this.#events.push(close);
      return;
    }
    this.#move('control');
    this.#events.push({ type: opcode === Opcode.PING ? 'ping' : 'pong', data });
  }
}

/** Reads the payload of a close frame (RFC 6455 section 5.5.1): a code and a reason, or nothing. */
function readClose(data: Uint8Array): WebSocketEvent {
  if (data.length === 0) return { type: 'close', code: CloseCode.NO_CODE, reason: '' };
  const high = data[0] as number;
  const low = data[1];
  if (low === undefined) {
    throw new WebSocketError(
      'expected a close code of two bytes, got one byte',
      'ERR_WEBSOCKET_CLOSE_FRAME',
    );
  }
  const code = high * 256 + low;
  if (!isSendableCloseCode(code)) {
    throw new WebSocketError(
      'expected a close code that may be sent, got a reserved one',
      'ERR_WEBSOCKET_CLOSE_CODE',
    );
  }
  const reason = data.subarray(2);
  const utf8 = new Utf8Checker();
  if (!utf8.push(reason) || !utf8.isComplete) throw notUtf8('the reason of a close frame');
  return { type: 'close', code, reason: textOf(reason) };
}

function notUtf8(what: string): WebSocketError {
  return new WebSocketError(
    `expected ${what} to be UTF-8, got other bytes`,
    'ERR_WEBSOCKET_UTF8',
    CloseCode.INVALID_DATA,
  );
}
