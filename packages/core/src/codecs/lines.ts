/**
 * Lines of UTF-8 text, as in most human-readable protocols.
 *
 * Reading is lenient by default: LF or CRLF ends a line, invalid UTF-8 becomes U+FFFD, and the last line needs no end.
 * Each of the three is a hazard in a strict protocol (a line smuggled past a proxy that interprets CR or LF
 * differently, two names that are equal after replacement, a command that a broken connection cut short), so each can
 * be turned off. Writing is always strict: what would be read as two lines, or as another line, is rejected.
 */

import { isUtf8 } from 'node:buffer';
import type { DuplexStream } from '../streams/duplex-stream.ts';
import { checkOptions, rules, type OptionTable } from '../vocabulary/check.ts';
import { FrameError, invalidInput, LimitError } from '../vocabulary/errors.ts';
import { WOULD_BLOCK, type WouldBlock } from '../vocabulary/would-block.ts';
import type { FrameInput } from '../streams/frame-read.ts';
import { Framed, type Codec } from './framed.ts';

/** The rules of a protocol of lines. */
export interface LinesOptions {
  /** The most bytes of a line, line end included. @default 65536, as in `readLine` */
  readonly limit?: number | undefined;
  /**
   * `'lf'`: LF or CRLF ends a line that is read, LF one that is written. `'crlf'`: only CRLF ends a line, and a CR or
   * LF without the other is an error, as in SMTP and HTTP. @default 'lf'
   */
  readonly lineEnd?: 'lf' | 'crlf' | undefined;
  /** Whether invalid UTF-8 is an error instead of U+FFFD. @default false, as in `TextDecoder` */
  readonly fatal?: boolean | undefined;
  /** Whether bytes after the last line end are a line too, or an `UnexpectedEofError`. @default true */
  readonly unterminated?: boolean | undefined;
}

const LINES_OPTIONS: OptionTable<LinesOptions> = {
  limit: rules.whole(1),
  lineEnd: rules.oneOf('lf', 'crlf'),
  fatal: rules.flag,
  unterminated: rules.flag,
};

const DEFAULT_LIMIT = 65_536;
const LF = 10;
const CR = 13;
const LINE_FEED = new Uint8Array([LF]);

/**
 * The codec of lines, for a `Framed`, `FrameReader` or `FrameWriter`; {@link lines} joins it to a stream.
 *
 * Reading throws `FrameError` with the code `ERR_INVALID_UTF8` or `ERR_BARE_LINE_END`, depending on the options, and
 * `LimitError`. Writing throws `InvalidInputError` for a line that contains a line end or, where CRLF is one too, ends
 * in CR, and `LimitError` for one above the limit.
 *
 * @throws `InvalidInputError` for a wrong option.
 *
 * @example
 * ```ts
 * import { FrameReader, FrameWriter, memoryPair } from '@awaitio/core';
 * import { linesCodec } from '@awaitio/core/lowlevel';
 *
 * const codec = linesCodec({ lineEnd: 'crlf', fatal: true, limit: 512 });
 * const [client, server] = memoryPair();
 * await new FrameWriter(client, codec).write('HELO example.org');
 * console.log(await new FrameReader(server, codec).read()); // HELO example.org
 * await client.close();
 * await server.close();
 * ```
 */
export function linesCodec(options: LinesOptions = {}): Codec<string> {
  return new LinesCodec(options);
}

/**
 * Makes a stream of lines.
 *
 * @param stream - Read and written by the result from now on; see {@link Framed}.
 * @throws as {@link linesCodec}.
 *
 * @example
 * ```ts
 * import { lines, memoryPair } from '@awaitio/core';
 *
 * const [a, b] = memoryPair();
 * const client = lines(a);
 * await client.write('one');
 * await client.write('two');
 * await client.shutdown();
 * for await (const line of lines(b)) console.log(line); // one, then two
 * await a.close();
 * await b.close();
 * ```
 */
export function lines(stream: DuplexStream, options?: LinesOptions): Framed<string> {
  return new Framed(stream, linesCodec(options));
}

class LinesCodec implements Codec<string> {
  readonly limit: number;
  readonly #isStrict: boolean;
  readonly #isFatal: boolean;
  readonly #allowsUnterminated: boolean;

  constructor(options: LinesOptions) {
    checkOptions('lines', options, LINES_OPTIONS);
    const { limit = DEFAULT_LIMIT, lineEnd = 'lf', fatal, unterminated } = options;
    this.limit = limit;
    this.#isStrict = lineEnd === 'crlf';
    this.#isFatal = fatal === true;
    this.#allowsUnterminated = unterminated !== false;
  }

  decode(input: FrameInput): string | WouldBlock {
    const at = input.indexOf(LINE_FEED);
    if (at === -1) return this.#decodeLast(input);
    const line = input.take(at + 1);
    const hasReturn = line[at - 1] === CR;
    const content = line.subarray(0, hasReturn ? at - 1 : at);
    if (this.#isStrict && (!hasReturn || content.includes(CR))) throw bareLineEnd();
    return this.#text(content);
  }

  encode(line: string): Uint8Array {
    if (typeof line !== 'string') throw invalidInput('lines', 'line', 'a string', line);
    const containsEnd = this.#isStrict
      ? /[\r\n]/.test(line)
      : line.includes('\n') || line.endsWith('\r');
    if (containsEnd) {
      throw invalidInput('lines', 'line', 'one line, without its end', line);
    }
    const bytes = Buffer.from(this.#isStrict ? `${line}\r\n` : `${line}\n`);
    if (bytes.length > this.limit) throw tooLong(bytes.length, this.limit);
    return bytes;
  }

  /** There is no line end yet: waits for one, unless the stream has ended. */
  #decodeLast(input: FrameInput): string | WouldBlock {
    if (!input.isEnded || !this.#allowsUnterminated) return WOULD_BLOCK;
    const content = input.take(input.length);
    if (this.#isStrict && content.includes(CR)) throw bareLineEnd();
    return this.#text(content);
  }

  #text(bytes: Uint8Array): string {
    if (this.#isFatal && !isUtf8(bytes)) {
      throw new FrameError('readFrame: expected a line of UTF-8, got bytes that are not UTF-8', {
        code: 'ERR_INVALID_UTF8',
        operation: 'readFrame',
      });
    }
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  }
}

function bareLineEnd(): FrameError {
  return new FrameError(
    'readFrame: expected CRLF to end a line, got a CR or LF without the other',
    {
      code: 'ERR_BARE_LINE_END',
      operation: 'readFrame',
    },
  );
}

function tooLong(size: number, limit: number): LimitError {
  return new LimitError(`write: a line of ${size} bytes is over the limit of ${limit}`, {
    code: 'ERR_LIMIT',
    operation: 'write',
    limitName: 'limit',
    limit,
  });
}
