/** One part of a form, as a program sees it. */

import { IoError, type Clock } from '@awaitio/core';
import { budgetOf, checkOptions } from '@awaitio/core/lowlevel';
import {
  COLLECT_OPTIONS,
  DEFAULT_COLLECT_LIMIT,
  type CollectOptions,
} from '../message/collect-options.ts';
import { PieceCollector } from '../message/piece-collector.ts';
import type { Headers } from '../protocol/vocabulary/headers.ts';
import { MultipartError } from './multipart-error.ts';
import type { PartHead } from './part-head.ts';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
let construct: typeof partOf;

/** Gives the pieces of the part that is being read. */
export interface PartSource {
  readonly clock: Clock;
  /** @returns `undefined` at the end of the part. */
  nextPiece(part: MultipartPart, operation: string): Promise<Uint8Array | undefined>;
}

/** A field or a file of a form. Its body is read while it arrives, once, and before the next part is asked for. */
export class MultipartPart implements AsyncIterable<Uint8Array> {
  readonly #head: PartHead;
  readonly #source: PartSource;
  #isTaken = false;

  static {
    construct = (head, source) => new MultipartPart(head, source);
  }

  private constructor(head: PartHead, source: PartSource) {
    this.#head = head;
    this.#source = source;
  }

  /** The name of the form's field. */
  get name(): string {
    return this.#head.name;
  }

  /** The last segment of the file's name; `undefined` for a field that is no file. What was sent stands in `headers`. */
  get filename(): string | undefined {
    return this.#head.filename;
  }

  /** The `Content-Type` as sent. @default 'text/plain' (RFC 7578 section 4.4) */
  get contentType(): string {
    return this.#head.contentType;
  }

  /** The part's header fields, decoded as UTF-8. */
  get headers(): Headers {
    return this.#head.headers;
  }

  /** The body: the part itself, which iterates over the pieces. */
  get body(): AsyncIterable<Uint8Array> {
    return this;
  }

  /**
   * Iterates over the pieces. Leaving the loop skips the rest.
   *
   * @throws {@link MultipartError}; `IoError` when it was read before, or the next part was asked for; the errors of the body.
   */
  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    await this.#take('iterate');
    for (;;) {
      const piece = await this.#source.nextPiece(this, 'iterate');
      if (piece === undefined) return;
      yield piece;
    }
  }

  /**
   * The whole body.
   *
   * @param options - `limit`: the most bytes to collect (default: 1 MiB).
   * @throws {@link MultipartError} 413 above the limit; otherwise as the iteration.
   */
  async bytes(options?: CollectOptions): Promise<Uint8Array> {
    if (options !== undefined) checkOptions('bytes', options, COLLECT_OPTIONS);
    await this.#take('bytes');
    const limit = options?.limit ?? DEFAULT_COLLECT_LIMIT;
    const pieces = new PieceCollector();
    for (;;) {
      const piece = await this.#source.nextPiece(this, 'bytes');
      if (piece === undefined) return pieces.join();
      pieces.add(piece);
      if (pieces.size > limit) {
        const detail = `a part has more bytes than ${limit} (\`limit\`)`;
        throw new MultipartError('ERR_MULTIPART_LIMIT', detail, 'limit');
      }
    }
  }

  /** The whole body as UTF-8 text. @throws as {@link MultipartPart.bytes} */
  async text(options?: CollectOptions): Promise<string> {
    return utf8.decode(await this.bytes(options));
  }

  async #take(operation: string): Promise<void> {
    if (this.#isTaken) {
      const error = new IoError(
        `${operation}: this part was read before; a part can be read once`,
        {
          code: 'ERR_BODY_USED',
          operation,
        },
      );
      await budgetOf(this.#source.clock).fail(error);
    }
    this.#isTaken = true;
  }
}

/** The part that a form has. */
export function partOf(head: PartHead, source: PartSource): MultipartPart {
  return construct(head, source);
}
