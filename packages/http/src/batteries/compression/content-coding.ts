/** The content codings of zlib: for a whole body, and for one that is produced while it is sent. */

import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import zlib from 'node:zlib';

/** A content coding that Node can make. */
export type ContentCoding = 'br' | 'gzip' | 'zstd';

/** How hard each coding tries: more takes more time, and makes less of a body. */
export interface CodingLevels {
  /** From 0 to 11. @default 4 */
  readonly br?: number | undefined;
  /** From 1 to 9. @default 6 */
  readonly gzip?: number | undefined;
  /** From 1 to 19: above, zstd needs more memory than clients have to give it (RFC 9659). @default 3 */
  readonly zstd?: number | undefined;
}

/** What zlib may know of a body before it has it. */
export interface BodyFacts {
  /** In bytes, if known. */
  readonly length?: number | undefined;
  /** Whether each piece is sent at once. */
  readonly isFlushed: boolean;
}

/** zstd is in Node since 22.15: the types of the oldest Node that is supported do not have it. */
interface ZstdOptions {
  readonly flush?: number;
  readonly params: Readonly<Record<number, number>>;
}
interface Zstd {
  readonly createZstdCompress?: (options: ZstdOptions) => Transform;
  readonly zstdCompress?: (
    bytes: Uint8Array,
    options: ZstdOptions,
    callback: (error: Error | null, coded: Buffer) => void,
  ) => void;
  readonly zstdCompressSync?: (bytes: Uint8Array, options: ZstdOptions) => Uint8Array;
}
const { createZstdCompress, zstdCompress, zstdCompressSync } = zlib as Zstd;
const { constants } = zlib;
const zstdConstants: Readonly<Record<string, number>> = constants;

/** The codings that this Node has, the one that is preferred first. */
export const CODINGS: readonly ContentCoding[] =
  createZstdCompress === undefined ? ['br', 'gzip'] : ['br', 'zstd', 'gzip'];

/**
 * How far back a coding refers, as a power of two: half a MiB. The defaults, 4 MiB of brotli and 2 of zstd, are kept for each
 * response that is under way. zstd has it for streams that are flushed alone, of which there may be many for hours.
 */
const WINDOW = 19;

/** Parameters of brotli. */
function brotli(
  { br = 4 }: CodingLevels,
  { length = 0, isFlushed }: BodyFacts,
): zlib.BrotliOptions {
  return {
    ...(isFlushed ? { flush: constants.BROTLI_OPERATION_FLUSH } : undefined),
    params: {
      [constants.BROTLI_PARAM_QUALITY]: br,
      [constants.BROTLI_PARAM_LGWIN]: WINDOW,
      [constants.BROTLI_PARAM_SIZE_HINT]: Math.min(length, 0x7fff_ffff),
    },
  };
}

function gzip({ gzip: level = 6 }: CodingLevels, { isFlushed }: BodyFacts): zlib.ZlibOptions {
  return { level, ...(isFlushed ? { flush: constants.Z_SYNC_FLUSH } : undefined) };
}

function zstd({ zstd: level = 3 }: CodingLevels, { isFlushed }: BodyFacts): ZstdOptions {
  return {
    ...(isFlushed ? { flush: zstdConstants['ZSTD_e_flush'] as number } : undefined),
    params: {
      [zstdConstants['ZSTD_c_compressionLevel'] as number]: level,
      ...(isFlushed ? { [zstdConstants['ZSTD_c_windowLog'] as number]: WINDOW } : undefined),
    },
  };
}

/** A stream that codes what is written to it. */
export function createCoder(
  coding: ContentCoding,
  levels: CodingLevels,
  facts: BodyFacts,
): Transform {
  if (coding === 'gzip') return zlib.createGzip(gzip(levels, facts));
  if (coding === 'br') return zlib.createBrotliCompress(brotli(levels, facts));
  return (createZstdCompress as NonNullable<typeof createZstdCompress>)(zstd(levels, facts));
}

const gzipWhole = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gzip);
const brotliWhole = promisify<zlib.InputType, zlib.BrotliOptions, Buffer>(zlib.brotliCompress);
const zstdWhole =
  zstdCompress === undefined ? undefined : promisify<Uint8Array, ZstdOptions, Buffer>(zstdCompress);

/**
 * Up to so many bytes a body is coded at once, which takes less of the processor than to hand it to a thread: a tenth of a
 * millisecond for the largest, at the default levels.
 */
const AT_ONCE = 16_384;

/** Codes a whole body: a small one at once, unless it is to be tried harder; another in a thread of the pool. */
export function codeWhole(
  coding: ContentCoding,
  levels: CodingLevels,
  bytes: Uint8Array,
): Uint8Array | Promise<Uint8Array> {
  const facts = { length: bytes.length, isFlushed: false };
  const isAtOnce = bytes.length <= AT_ONCE && levels[coding] === undefined;
  if (coding === 'gzip') {
    const options = gzip(levels, facts);
    return isAtOnce ? zlib.gzipSync(bytes, options) : gzipWhole(bytes, options);
  }
  if (coding === 'br') {
    const options = brotli(levels, facts);
    return isAtOnce ? zlib.brotliCompressSync(bytes, options) : brotliWhole(bytes, options);
  }
  const options = zstd(levels, facts);
  return isAtOnce
    ? (zstdCompressSync as NonNullable<typeof zstdCompressSync>)(bytes, options)
    : (zstdWhole as NonNullable<typeof zstdWhole>)(bytes, options);
}
