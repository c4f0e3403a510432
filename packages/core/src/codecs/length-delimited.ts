/**
 * Frames that begin with their length: a field of 1 to 8 bytes, then the payload.
 *
 * The length comes from the peer, so it is checked before any memory is reserved: one above the limit fails at once,
 * and a frame below it takes memory only as its bytes arrive.
 */

import type { DuplexStream } from '../streams/duplex-stream.ts';
import { checkOptions, rules, type OptionTable } from '../vocabulary/check.ts';
import { FrameError, invalidInput, LimitError } from '../vocabulary/errors.ts';
import { isBytes } from '../vocabulary/realms.ts';
import { WOULD_BLOCK, type WouldBlock } from '../vocabulary/would-block.ts';
import type { FrameInput } from '../streams/frame-read.ts';
import { Framed, type Codec } from './framed.ts';

/** The format of the length field. */
export interface LengthDelimitedOptions {
  /** The size of the length field in bytes: 1 to 8. @default 4 */
  readonly lengthBytes?: number | undefined;
  /** Which byte of the length is first: the most (`'big'`) or the least significant. @default 'big', as in RFC 1700 */
  readonly endian?: 'big' | 'little' | undefined;
  /** Whether the length includes the bytes of the length field itself. @default false */
  readonly includesHeader?: boolean | undefined;
  /** The most bytes of a payload. @default 1048576, as NATS */
  readonly limit?: number | undefined;
}

const LENGTH_DELIMITED_OPTIONS: OptionTable<LengthDelimitedOptions> = {
  lengthBytes: { expected: 'a whole number 1 to 8', accepts: rules.whole(1, 8).accepts },
  endian: rules.oneOf('big', 'little'),
  includesHeader: rules.flag,
  limit: rules.whole(0),
};

const DEFAULT_LIMIT = 1_048_576;

/**
 * The codec of length-delimited frames, for a `Framed`, `FrameReader` or `FrameWriter`; {@link lengthDelimited} joins
 * it to a stream.
 *
 * Reading throws `LimitError` for a length above the limit, and `FrameError` with the code `ERR_FRAME_LENGTH` for one
 * that is too small to include the length field. Writing throws `LimitError` for a payload above the limit, or longer
 * than the length field can express.
 *
 * @throws `InvalidInputError` for a wrong option.
 *
 * @example
 * ```ts
 * import { FrameWriter, memoryPair } from '@awaitio/core';
 * import { lengthDelimitedCodec } from '@awaitio/core/lowlevel';
 *
 * const [client, server] = memoryPair();
 * const codec = lengthDelimitedCodec({ lengthBytes: 2, endian: 'little', includesHeader: true });
 * await new FrameWriter(client, codec).write(Buffer.from('hi'));
 * console.log([...(await server.readExactly(4))]); // [ 4, 0, 104, 105 ]
 * await client.close();
 * await server.close();
 * ```
 */
export function lengthDelimitedCodec(options: LengthDelimitedOptions = {}): Codec<Uint8Array> {
  return new LengthDelimitedCodec(options);
}

/**
 * Makes a stream of length-delimited frames.
 *
 * @param stream - Read and written by the result from now on; see {@link Framed}.
 * @throws as {@link lengthDelimitedCodec}.
 *
 * @example
 * ```ts
 * import { lengthDelimited, memoryPair } from '@awaitio/core';
 *
 * const [a, b] = memoryPair({ chunkSize: 1 });
 * const client = lengthDelimited(a);
 * await client.write(Buffer.from('first'));
 * await client.write(Buffer.from('second'));
 * await client.shutdown();
 * for await (const frame of lengthDelimited(b)) console.log(Buffer.from(frame).toString()); // first, then second
 * await a.close();
 * await b.close();
 * ```
 */
export function lengthDelimited(
  stream: DuplexStream,
  options?: LengthDelimitedOptions,
): Framed<Uint8Array> {
  return new Framed(stream, lengthDelimitedCodec(options));
}

class LengthDelimitedCodec implements Codec<Uint8Array> {
  /** The most bytes of a whole frame. */
  readonly limit: number;
  readonly #payloadLimit: number;
  readonly #lengthBytes: number;
  readonly #isLittle: boolean;
  /** How many of the bytes that the length counts are not payload. */
  readonly #counted: number;

  constructor(options: LengthDelimitedOptions) {
    checkOptions('lengthDelimited', options, LENGTH_DELIMITED_OPTIONS);
    const { lengthBytes = 4, endian = 'big', limit = DEFAULT_LIMIT } = options;
    this.#lengthBytes = lengthBytes;
    this.#isLittle = endian === 'little';
    this.#counted = options.includesHeader === true ? lengthBytes : 0;
    this.#payloadLimit = limit;
    this.limit = limit + lengthBytes;
  }

  decode(input: FrameInput): Uint8Array | WouldBlock {
    const header = this.#lengthBytes;
    if (input.length < header) return WOULD_BLOCK;
    const size = this.#read(input.take(header)) - this.#counted;
    if (size < 0) throw tooShort(size + this.#counted, header);
    if (size > this.#payloadLimit) {
      throw overLimit('readFrame', size, 'limit', this.#payloadLimit);
    }
    return input.length < size ? WOULD_BLOCK : input.take(size);
  }

  encode(payload: Uint8Array): Uint8Array {
    if (!isBytes(payload)) {
      throw invalidInput('lengthDelimited', 'payload', 'a Uint8Array', payload);
    }
    const header = this.#lengthBytes;
    if (payload.length > this.#payloadLimit) {
      throw overLimit('write', payload.length, 'limit', this.#payloadLimit);
    }
    const count = payload.length + this.#counted;
    if (count >= 256 ** header) throw overLimit('write', count, 'lengthBytes', header);
    const frame = new Uint8Array(header + payload.length);
    this.#write(frame, count);
    frame.set(payload, header);
    return frame;
  }

  /** Above 2^53 the number is approximate, which is enough to see that it is above every limit. */
  #read(bytes: Uint8Array): number {
    const digits = this.#isLittle ? bytes.toReversed() : bytes;
    let length = 0;
    for (const digit of digits) length = length * 256 + digit;
    return length;
  }

  #write(frame: Uint8Array, length: number): void {
    const last = this.#lengthBytes - 1;
    let remaining = length;
    for (let place = 0; place <= last; place += 1) {
      frame[this.#isLittle ? place : last - place] = remaining % 256;
      remaining = Math.floor(remaining / 256);
    }
  }
}

function tooShort(length: number, header: number): FrameError {
  return new FrameError(
    `readFrame: expected a length of at least ${header}, which includes the length field, got ${length}`,
    { code: 'ERR_FRAME_LENGTH', operation: 'readFrame' },
  );
}

function overLimit(
  operation: string,
  size: number,
  limitName: 'limit' | 'lengthBytes',
  limit: number,
): LimitError {
  const described =
    limitName === 'limit' ? `the limit of ${limit}` : `what ${limit} bytes can express`;
  return new LimitError(`${operation}: a frame of ${size} bytes is over ${described}`, {
    code: 'ERR_LIMIT',
    operation,
    limitName,
    limit,
  });
}
