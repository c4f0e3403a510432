/**
 * Parts of an open file as the body of a response: read as fast as the client takes them, closed at the end.
 *
 * A large file has thousands of pieces, and each leaves what its read has allocated to the garbage collector. So a piece is one call of
 * `fs.read` with one promise: half of what the same read by the methods of `FileHandle` takes. Those would keep the file open until
 * their reads have ended; here that has to be waited for, as the number of a closed file may be another file's by then.
 */

import { read } from 'node:fs';
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
  /** How many reads have not ended, and what waits for their end. */
  #reads = 0;
  #onIdle: (() => void) | undefined;

  constructor(handle: FileHandle, parts: readonly FilePart[]) {
    super();
    this.#handle = handle;
    this.#parts = parts;
  }

  override [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Piece> {
    const part = this.#parts[this.#next];
    if (this.#closing !== undefined || part === undefined) return this.return();
    if (typeof part === 'string') {
      this.#next += 1;
      return Promise.resolve({ done: false, value: Buffer.from(part, 'latin1') });
    }
    return new Promise((resolve, reject) => {
      this.#read(part, resolve, reject);
    });
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#closing ??= this.#close();
    await this.#closing;
    return DONE;
  }

  #read(
    { start, end }: ByteRange,
    resolve: (piece: Piece) => void,
    reject: (error: unknown) => void,
  ): void {
    const position = start + this.#given;
    const piece = takeBuffer(Math.min(PIECE, end - position));
    read(this.#handle.fd, piece, 0, piece.length, position, (error, bytesRead) => {
      this.#reads -= 1;
      if (this.#reads === 0) this.#onIdle?.();
      if (error !== null || bytesRead === 0) {
        void this.#fail(reject, error ?? truncated());
        return;
      }
      this.#given += bytesRead;
      if (this.#given === end - start) {
        this.#next += 1;
        this.#given = 0;
      }
      let value = piece;
      if (bytesRead < piece.length) {
        // The rest of the buffer may hold the bytes of another response.
        value = piece.slice(0, bytesRead);
        recycle(piece);
      }
      resolve({ done: false, value });
    });
    this.#reads += 1;
  }

  async #fail(reject: (reason: unknown) => void, reason: unknown): Promise<void> {
    // An error of closing says less than that of reading.
    await this.return().catch(() => {});
    reject(reason);
  }

  async #close(): Promise<void> {
    if (this.#reads > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    await this.#handle.close();
  }
}

type Piece = IteratorResult<Uint8Array, undefined>;

function truncated(): IoError {
  return new IoError('fileResponse: the file became shorter while it was being sent', {
    code: 'ERR_FILE_TRUNCATED',
    operation: 'fileResponse',
  });
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
