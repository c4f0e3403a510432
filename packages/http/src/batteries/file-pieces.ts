/** Parts of an open file as the body of a response: read as fast as the client takes them, closed at the end. */

import type { FileHandle } from 'node:fs/promises';
import { IoError } from '@awaitio/core';
import { ReusedPieces } from '../message/reused-pieces.ts';
import { recycle, takeBuffer } from '../protocol/vocabulary/body-buffers.ts';
import type { ByteRange } from './selection/ranges.ts';

/** How many bytes are read at a time; the same as Node's `createReadStream`, and the largest buffer that is recycled. */
const PIECE = 65_536;

/** What a body is made of, in order: texts, and parts of the file. */
export type FilePart = string | ByteRange;

/**
 * The pieces of the body. Not a generator: `return` on one that has not begun would not close the file, and a response to
 * HEAD is never begun.
 */
export class FilePieces extends ReusedPieces implements AsyncIterableIterator<Uint8Array> {
  readonly #handle: FileHandle;
  readonly #parts: readonly FilePart[];
  #next = 0;
  /** How much of the present part was given. */
  #given = 0;
  #closing: Promise<void> | undefined;

  constructor(handle: FileHandle, parts: readonly FilePart[]) {
    super();
    this.#handle = handle;
    this.#parts = parts;
  }

  override [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#closing !== undefined) return DONE;
    const part = this.#parts[this.#next];
    if (part === undefined) return this.return();
    try {
      const value = typeof part === 'string' ? Buffer.from(part, 'latin1') : await this.#read(part);
      if (typeof part === 'string' || this.#given === part.end - part.start) {
        this.#next += 1;
        this.#given = 0;
      }
      return { done: false, value };
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#closing ??= this.#handle.close();
    await this.#closing;
    return DONE;
  }

  async #read({ start, end }: ByteRange): Promise<Uint8Array> {
    const position = start + this.#given;
    const piece = takeBuffer(Math.min(PIECE, end - position));
    const { bytesRead } = await this.#handle.read(piece, 0, piece.length, position);
    if (bytesRead === 0) {
      throw new IoError('fileResponse: the file became shorter while it was being sent', {
        code: 'ERR_FILE_TRUNCATED',
        operation: 'fileResponse',
      });
    }
    this.#given += bytesRead;
    if (bytesRead === piece.length) return piece;
    // The rest of the buffer may hold the bytes of another response.
    const part = piece.slice(0, bytesRead);
    recycle(piece);
    return part;
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
