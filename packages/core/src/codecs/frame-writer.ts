/**
 * The writing direction of streams of frames: never half a frame on the wire.
 *
 * The remainder of a write that was cancelled in the middle is kept, and is sent before anything else. So the peer never
 * sees half a frame and then a clean end: ending the writing, or closing, first finishes the frame that the wire has in
 * part; where that takes too long, the connection is reset. Only the stream itself, closed or shut down past its frame
 * writer, ends where it is.
 */

import { outsideScopes } from '../waiting/ambient.ts';
import {
  CLOSE_OPTIONS,
  DEFAULT_LINGER,
  type CloseOptions,
  type DuplexStream,
} from '../streams/duplex-stream.ts';
import { streamOf, type WriteHalf } from '../streams/halves.ts';
import { clockOf, startProgress } from '../streams/stream-parts.ts';
import { payThrough, type WriteOptions } from '../streams/stream-writer.ts';
import { containResult, stderrSink } from '../vocabulary/callbacks.ts';
import { checkIsObject, checkMethods, checkOptions } from '../vocabulary/check.ts';
import { ClosedError, invalidInput, LimitError, TimeoutError } from '../vocabulary/errors.ts';
import { isBytes } from '../vocabulary/realms.ts';
import { checkWaitOptions, remaining, Waiter, type WaitOptions } from '../waiting/waiter.ts';

/** How a protocol turns an item into bytes. */
export interface Encoder<T> {
  /** The most bytes of one frame that is written, headers and delimiters included. @default no limit */
  readonly limit?: number | undefined;
  /**
   * Encodes one item.
   *
   * @returns The item's frame; the writer owns the bytes and never changes them.
   * @throws Anything, for an item that the protocol cannot represent; nothing is written then.
   */
  encode(item: T): Uint8Array;
}

/** How to cancel the write of a frame. */
export interface FrameWriteOptions extends Pick<WriteOptions, 'signal' | 'timeout' | 'progress'> {}

/** A write that the stream accepted in part, or not yet. */
interface Unfinished {
  readonly writing: Promise<void>;
  readonly progress: { readonly accepted: number };
  /** Whether it begins with the remainder of an earlier frame. */
  readonly hasRemainder: boolean;
}

/** The writing direction of {@link Framed}: writes frames to a stream, or to its writing half. */
export class FrameWriter<T> {
  readonly #stream: DuplexStream;
  readonly #encoder: Encoder<T>;
  /** The unsent remainder of a frame whose write was cancelled. */
  #remainder: Uint8Array | undefined;
  /** The write that waits for room; a second one fails. */
  #unfinished: Unfinished | undefined;
  /** The call that is ending the writing. */
  #ending: string | undefined;
  #closing: Promise<void> | undefined;

  constructor(destination: DuplexStream | WriteHalf, encoder: Encoder<T>) {
    checkMethods('FrameWriter', 'destination', destination, ['writeAll', 'flush', 'shutdown']);
    checkMethods('FrameWriter', 'encoder', encoder, ['encode']);
    this.#stream = 'belongsTo' in destination ? streamOf(destination) : destination;
    this.#encoder = encoder;
  }

  /** Whether the wire has a frame in part. */
  get isWithinFrame(): boolean {
    if (this.#remainder !== undefined) return true;
    const unfinished = this.#unfinished;
    return (
      unfinished !== undefined && (unfinished.hasRemainder || unfinished.progress.accepted > 0)
    );
  }

  /**
   * Writes one frame, waiting for room as often as it takes.
   *
   * Cancelling before a byte was accepted drops the frame; afterwards its remainder is sent before the next frame, or
   * by `flush`, `shutdown` or the `close` of the {@link Framed}.
   *
   * @param options - `signal` cancels the write; `timeout` limits it, in milliseconds (default: no limit);
   * `progress.accepted` is how many bytes of this frame were accepted, also after an error.
   * @throws What the codec throws for this item; `InvalidInputError` when it gives no bytes, or its limit is none;
   * `LimitError` for a frame above the codec's `limit`, of which nothing is sent; otherwise as `StreamWriter.writeAll`.
   */
  async write(item: T, options?: FrameWriteOptions): Promise<void> {
    let frame: Uint8Array;
    try {
      if (options !== undefined) checkIsObject('write', options);
      if (this.#ending !== undefined) throw endingError(this.#ending);
      frame = this.#encoder.encode(item);
      if (!isBytes(frame)) {
        containResult('encode', frame, stderrSink);
        throw invalidInput('write', 'encode(item)', 'a Uint8Array', frame);
      }
      checkLength(frame, this.#encoder.limit);
    } catch (error) {
      await payThrough(this.#stream);
      throw error;
    }
    await this.#send(frame, options);
  }

  /**
   * Waits until everything written was passed on by the carrier, the remainder of a cancelled write included.
   *
   * @throws as `StreamWriter.flush`.
   */
  async flush(options?: WaitOptions): Promise<void> {
    if (this.#remainder !== undefined) await this.#send(NOTHING, options);
    await this.#stream.flush(options);
  }

  /**
   * Finishes writing: FIN after everything written, the remainder of a cancelled write included; reading goes on.
   *
   * A frame that another task is writing is finished, when a byte of it was accepted; else its write fails with
   * `ClosedError`. Cancelling before the frame is finished sends no FIN: writing goes on as before.
   *
   * @param options - `signal` cancels the call; `timeout` limits it, in milliseconds (default: no limit).
   * @throws as {@link DuplexStream.shutdown}.
   */
  async shutdown(options?: WaitOptions): Promise<void> {
    const left = this.isWithinFrame ? await this.#finishFrame('shutdown', options) : options;
    await this.#stream.shutdown('write', left);
  }

  /**
   * Closes the stream once the frame is finished that the wire has in part; resets it when that fails, or takes longer
   * than `linger`.
   *
   * @param options - As for {@link DuplexStream.close}.
   */
  async close(options?: CloseOptions): Promise<void> {
    if (options !== undefined) checkOptions('close', options, CLOSE_OPTIONS);
    const linger = options?.linger ?? DEFAULT_LINGER;
    if (this.isWithinFrame && !this.#stream.isDisposed) {
      // Closing goes on when the scope of its caller ends, as that of a stream does.
      this.#closing ??= outsideScopes(() => this.#closeWithinFrame(linger));
    }
    await (this.#closing ?? this.#stream.close({ linger }));
  }

  async #closeWithinFrame(linger: number): Promise<void> {
    let left = linger;
    try {
      const options = await this.#finishFrame('close', { timeout: linger });
      left = options?.timeout ?? linger;
    } catch (error) {
      this.#stream.reset(error);
    }
    await this.#stream.close({ linger: left });
  }

  /**
   * Finishes the frame that the wire has in part; no other begins meanwhile.
   *
   * @returns The options for what is left of the call.
   */
  async #finishFrame(
    operation: string,
    options: WaitOptions | undefined,
  ): Promise<WaitOptions | undefined> {
    checkWaitOptions(operation, options);
    const clock = clockOf(this.#stream);
    const deadline = options?.timeout === undefined ? undefined : clock.now() + options.timeout;
    this.#ending = operation;
    try {
      if (this.#unfinished !== undefined) {
        const waiter = new Waiter<void>(operation, clock, options);
        const settled = (): void => {
          waiter.resolve(undefined);
        };
        this.#unfinished.writing.then(settled, settled);
        await waiter.promise;
      }
      if (this.#remainder !== undefined) {
        await this.#send(NOTHING, remaining(options, deadline, clock));
      }
    } catch (error) {
      this.#ending = undefined;
      // The last wait had only the remaining time; the error names the caller's timeout. The signal's reason stays.
      const limit = options?.signal?.reason === error ? undefined : options?.timeout;
      if (error instanceof TimeoutError && limit !== undefined) {
        throw new TimeoutError(operation, limit);
      }
      throw error;
    }
    return remaining(options, deadline, clock);
  }

  async #send(frame: Uint8Array, options: FrameWriteOptions | undefined): Promise<void> {
    if (options?.progress !== undefined) startProgress('write', options.progress, 'accepted');
    const remainder = this.#remainder ?? NOTHING;
    this.#remainder = undefined;
    const bytes = remainder.length === 0 ? frame : Buffer.concat([remainder, frame]);
    const progress = { accepted: 0 };
    const writing = this.#stream.writeAll(bytes, { ...options, transfer: true, progress });
    const waits = progress.accepted < bytes.length && this.#unfinished === undefined;
    if (waits) this.#unfinished = { writing, progress, hasRemainder: remainder.length > 0 };
    try {
      await writing;
    } catch (error) {
      // A frame of which a byte was accepted must be completed; one of which none was is dropped.
      const due = progress.accepted > remainder.length ? bytes : remainder;
      if (progress.accepted < due.length) this.#remainder = due.subarray(progress.accepted);
      throw error;
    } finally {
      if (waits) this.#unfinished = undefined;
      const reported = options?.progress;
      if (reported !== undefined)
        reported.accepted = Math.max(0, progress.accepted - remainder.length);
    }
  }
}

const NOTHING = new Uint8Array(0);

/** @throws {@link LimitError}, and {@link InvalidInputError} for a limit that is none */
function checkLength({ length }: Uint8Array, limit: number | undefined): void {
  if (limit === undefined) return;
  if (typeof limit !== 'number' || !(limit >= 1)) {
    throw invalidInput('write', 'encoder.limit', 'a number of bytes from 1', limit);
  }
  if (length <= limit) return;
  throw new LimitError(
    `write: a frame of ${length} bytes is over the limit of ${limit}; nothing of it was sent`,
    { code: 'ERR_LIMIT', operation: 'write', limitName: 'limit', limit },
  );
}

function endingError(operation: string): ClosedError {
  const isClosing = operation === 'close';
  return new ClosedError(
    isClosing
      ? 'write: this stream was closed by this side'
      : 'write: writing was shut down by this side',
    { code: isClosing ? 'ERR_STREAM_CLOSED' : 'ERR_WRITE_SHUT_DOWN', operation: 'write' },
  );
}
