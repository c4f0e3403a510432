/**
 * A second reader of WebSocket frames, for fuzzing: from RFC 6455 and RFC 7692 alone, on all the bytes at once, without speed.
 *
 * It shares nothing with the first but the limits. Compressed messages are inflated from the very beginning of the conversation, again
 * and again.
 */
import zlib from 'node:zlib';
import type { WebSocketProtocolLimits } from '../../src/websocket/protocol/limits.ts';

export interface Conversation {
  readonly isServer: boolean;
  /** `undefined` when it was not agreed on. */
  readonly deflate: { readonly hasTakeover: boolean } | undefined;
  readonly limits: WebSocketProtocolLimits;
}

/** Ends the reading. */
class Fault extends Error {
  readonly closeCode: number;

  constructor(closeCode: number) {
    super(String(closeCode));
    this.closeCode = closeCode;
  }
}

const TAIL = Buffer.from([0, 0, 0xff, 0xff]);
const { Z_SYNC_FLUSH } = zlib.constants;

/** What comes of it, a line for each event. */
export function referenceEvents(conversation: Conversation, wire: Buffer): string[] {
  const events: string[] = [];
  try {
    new Reading(conversation, wire, events).run();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    events.push(`failure ${error.closeCode}`);
  }
  const isClean = events.at(-1)?.startsWith('close ') === true;
  return [...events, isClean ? 'end clean' : 'end early'];
}

interface Incoming {
  readonly opcode: number;
  readonly isCoded: boolean;
  payload: Buffer;
  fragments: number;
}

class Reading {
  readonly #conversation: Conversation;
  readonly #wire: Buffer;
  readonly #events: string[];
  #at = 0;
  /** The message that is coming. */
  #message: Incoming | undefined;
  /** What the peer has compressed so far, with its tails, and how much came out of it. */
  #history = Buffer.alloc(0);
  #historyLength = 0;

  constructor(conversation: Conversation, wire: Buffer, events: string[]) {
    this.#conversation = conversation;
    this.#wire = wire;
    this.#events = events;
  }

  run(): void {
    while (this.#frame());
  }

  /** Reads a frame. @returns Whether there may be another */
  #frame(): boolean {
    const { isServer, deflate, limits } = this.#conversation;
    const wire = this.#wire.subarray(this.#at);
    if (wire.length < 2) return false;
    const [first, second] = wire as unknown as [number, number];
    const opcode = first & 15;
    const isFinal = first >> 7 === 1;
    const reserved = (first >> 4) & 7;
    const isControl = opcode > 7;
    const isFirst = opcode === 1 || opcode === 2;
    if (![0, 1, 2, 8, 9, 10].includes(opcode)) throw new Fault(1002);
    if (reserved !== 0 && !(reserved === 4 && deflate !== undefined && isFirst)) {
      throw new Fault(1002);
    }
    const short = second & 127;
    if (isControl && (!isFinal || short > 125)) throw new Fault(1002);
    if (second >> 7 !== Number(isServer)) throw new Fault(1002);
    const extended = short < 126 ? 0 : short === 126 ? 2 : 8;
    const headLength = 2 + extended + (isServer ? 4 : 0);
    if (wire.length < headLength) return false;
    let length = BigInt(short);
    if (extended === 2) length = BigInt(wire.readUInt16BE(2));
    if (extended === 8) length = wire.readBigUInt64BE(2);
    const least = extended === 0 ? 0n : extended === 2 ? 126n : 65_536n;
    if (length < least || length >= 1n << 63n) throw new Fault(1002);
    if (!isControl) this.#begin(isFirst, opcode, reserved === 4, length, limits);
    const masked = wire.subarray(headLength).subarray(0, Number(length));
    const mask = wire.subarray(headLength - 4, headLength);
    const payload = Buffer.from(
      masked.map((byte, index) => (isServer ? byte ^ mask.readUInt8(index % 4) : byte)),
    );
    const isWhole = BigInt(payload.length) === length;
    if (!isControl) this.#data(payload, isWhole && isFinal);
    if (!isWhole) return false;
    this.#at += headLength + payload.length;
    return isControl ? this.#control(opcode, payload) : true;
  }

  #begin(
    isFirst: boolean,
    opcode: number,
    isCoded: boolean,
    length: bigint,
    limits: WebSocketProtocolLimits,
  ): void {
    if (isFirst === (this.#message !== undefined)) throw new Fault(1002);
    this.#message ??= { opcode, isCoded, payload: Buffer.alloc(0), fragments: 0 };
    this.#message.fragments += 1;
    if (length > limits.frameBytes) throw new Fault(1009);
    if (!this.#message.isCoded) {
      const all = BigInt(this.#message.payload.length) + length;
      if (all > limits.messageBytes) throw new Fault(1009);
    }
    if (this.#message.fragments > limits.fragments) throw new Fault(1008);
  }

  /** Bytes of a message, which may not be all of their frame’s. */
  #data(bytes: Buffer, isEnd: boolean): void {
    const message = this.#message as Incoming;
    message.payload = Buffer.concat([message.payload, bytes]);
    const data = message.isCoded ? this.#inflated(message.payload, isEnd) : message.payload;
    if (message.opcode === 1) {
      try {
        new TextDecoder('utf-8', { fatal: true }).decode(data, { stream: !isEnd });
      } catch {
        throw new Fault(1007);
      }
    }
    if (!isEnd) return;
    const kind = message.opcode === 1 ? 'text' : 'binary';
    this.#events.push(`${kind} ${data.toString('hex')}`);
    if (message.isCoded) {
      this.#history = Buffer.concat([this.#history, message.payload, TAIL]);
      this.#historyLength += data.length;
    }
    this.#message = undefined;
  }

  #inflated(payload: Buffer, isEnd: boolean): Buffer {
    const { limits, deflate } = this.#conversation;
    const before = deflate?.hasTakeover === true ? this.#history : Buffer.alloc(0);
    const skipped = deflate?.hasTakeover === true ? this.#historyLength : 0;
    const all = inflate(Buffer.concat([before, payload, isEnd ? TAIL : Buffer.alloc(0)]));
    const data = all.subarray(skipped);
    if (data.length > Math.min(limits.messageBytes, limits.inflatedBytes)) throw new Fault(1009);
    const kibibytes = Math.ceil(payload.length / 1024);
    if (data.length > kibibytes * 1024 * limits.compressionRatio) throw new Fault(1009);
    return data;
  }

  #control(opcode: number, payload: Buffer): boolean {
    if (opcode !== 8) {
      this.#events.push(`${opcode === 9 ? 'ping' : 'pong'} ${payload.toString('hex')}`);
      return true;
    }
    if (payload.length === 1) throw new Fault(1002);
    const code = payload.length === 0 ? 1005 : payload.readUInt16BE(0);
    const isKnown = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    const isRight = isKnown.includes(code) || (code >= 3000 && code <= 4999);
    if (payload.length > 0 && !isRight) throw new Fault(1002);
    let reason: string;
    try {
      reason = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        payload.subarray(2),
      );
    } catch {
      throw new Fault(1007);
    }
    this.#events.push(`close ${code} ${reason}`);
    return false;
  }
}

/** Streams of DEFLATE, one after another. */
function inflate(bytes: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let rest = bytes; rest.length > 0;) {
    try {
      const { buffer, engine } = zlib.inflateRawSync(rest, {
        finishFlush: Z_SYNC_FLUSH,
        info: true,
      }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
      pieces.push(buffer);
      rest = rest.subarray(engine.bytesWritten);
    } catch {
      throw new Fault(1007);
    }
  }
  return Buffer.concat(pieces);
}
