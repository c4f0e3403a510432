/**
 * The other side of a compressed conversation, from RFC 7692 alone and with nothing but the public calls of zlib: each message is
 * compressed and inflated by itself, with the end of the earlier ones as a dictionary.
 */
import zlib from 'node:zlib';
import { BINARY, CONTINUATION, frame, MASK, TEXT } from './frames.ts';

/** One direction. */
export interface Direction {
  readonly hasTakeover: boolean;
  readonly windowBits: number;
}

const TAIL = Buffer.from([0, 0, 0xff, 0xff]);
const finishFlush = zlib.constants.Z_SYNC_FLUSH;

/** What a direction refers back to. */
class Window {
  readonly #direction: Direction;
  #bytes = Buffer.alloc(0);

  constructor(direction: Direction) {
    this.#direction = direction;
  }

  get dictionary(): Buffer | undefined {
    return this.#bytes.length === 0 ? undefined : this.#bytes;
  }

  add(data: Uint8Array): void {
    if (!this.#direction.hasTakeover) return;
    const all = Buffer.concat([this.#bytes, data]);
    this.#bytes = all.subarray(Math.max(0, all.length - 2 ** this.#direction.windowBits));
  }
}

/** Compresses a message as a peer does. */
export const deflated = (data: Uint8Array | string, options: zlib.ZlibOptions = {}): Buffer =>
  zlib.deflateRawSync(data, { finishFlush, ...options }).subarray(0, -TAIL.length);

export class DeflatePeer {
  readonly #isMasked: boolean;
  readonly #own: Direction;
  readonly #other: Direction;
  readonly #sent: Window;
  readonly #received: Window;

  /**
   * @param isMasked - Whether this side masks what it sends: whether it is the client.
   * @param own - The direction of what it sends.
   */
  constructor(isMasked: boolean, own: Direction, other: Direction) {
    this.#isMasked = isMasked;
    this.#own = own;
    this.#other = other;
    this.#sent = new Window(own);
    this.#received = new Window(other);
  }

  /** The frames of a message, cut into fragments of so many bytes. */
  send(data: Buffer, isText: boolean, most = Infinity): Buffer {
    const { dictionary } = this.#sent;
    const coded = deflated(data, { dictionary, windowBits: this.#own.windowBits });
    this.#sent.add(data);
    const count = Math.max(1, Math.ceil(coded.length / most));
    const frames = Array.from({ length: count }, (_, at) =>
      frame(
        {
          opcode: at > 0 ? CONTINUATION : isText ? TEXT : BINARY,
          payload: most === Infinity ? coded : coded.subarray(at * most, (at + 1) * most),
          fin: at === count - 1,
          rsv: at === 0 ? 4 : 0,
        },
        this.#isMasked,
      ),
    );
    return Buffer.concat(frames);
  }

  /** The message in one whole frame, and whether it was compressed. */
  read(wire: Uint8Array): { data: Buffer; isText: boolean; isCoded: boolean } {
    const bytes = Buffer.from(wire);
    const [first, second] = bytes as unknown as [number, number];
    if ((first & 0x80) === 0) throw new Error('a fragment');
    const short = second & 127;
    const extended = short < 126 ? 0 : short === 126 ? 2 : 8;
    const start = 2 + extended + (this.#isMasked ? 0 : 4);
    let payload = bytes.subarray(start);
    if (!this.#isMasked) {
      const mask = bytes.subarray(start - 4, start);
      payload = Buffer.from(payload.map((byte, index) => byte ^ mask.readUInt8(index % 4)));
    }
    const isCoded = (first & 0x40) !== 0;
    const data = isCoded ? this.#inflate(payload) : payload;
    return { data, isText: (first & 15) === TEXT, isCoded };
  }

  /** In pieces as small as they can be, so that nothing is found beyond the window. */
  #inflate(payload: Buffer): Buffer {
    const { windowBits } = this.#other;
    const { dictionary } = this.#received;
    const data = zlib.inflateRawSync(Buffer.concat([payload, TAIL]), {
      dictionary,
      windowBits,
      finishFlush,
      chunkSize: windowBits < 15 ? 64 : 16_384,
    });
    this.#received.add(data);
    return data;
  }
}

/** The mask that frames of the tests have, for connections that are to send with it. */
export const TEST_MASK = Buffer.from(MASK).readUInt32BE(0);
