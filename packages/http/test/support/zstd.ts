/** zstd of `node:zlib`, which Node has since 22.15: the types of the oldest Node that is supported do not have it. */

import type { Transform } from 'node:stream';
import zlib from 'node:zlib';

interface Zstd {
  readonly zstdCompressSync?: (bytes: Uint8Array) => Buffer;
  readonly zstdDecompressSync?: (bytes: Uint8Array) => Buffer;
  readonly createZstdDecompress?: () => Transform;
}

export const { zstdCompressSync, zstdDecompressSync, createZstdDecompress } = zlib as Zstd;

/** Whether this Node has it. */
export const hasZstd = zstdDecompressSync !== undefined;
