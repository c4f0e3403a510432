/**
 * Several tasks that write whole frames to one stream.
 *
 * A stream has one writer at a time, since two could not know whose bytes come next. This is that one writer: tasks give it
 * frames, and it writes one after the other, in the order of the calls. A frame has begun when the stream has accepted a
 * byte of it; from then on it is written to its end, even if the call was cancelled, because half a frame would make
 * everything after it unreadable.
 */

import { outsideScopes } from '../waiting/ambient.ts';
import { checkOptions, rules, type OptionTable } from '../vocabulary/check.ts';
import { invalidInput, LimitError } from '../vocabulary/errors.ts';
import { isBytes } from '../vocabulary/realms.ts';
import { WOULD_BLOCK } from '../vocabulary/would-block.ts';
import type { StreamWriter, WriteData } from '../streams/stream-writer.ts';
import {
  checkWaitOptions,
  ListedWaiter,
  type WaitInfo,
  type WaitOptions,
} from '../waiting/waiter.ts';
import {
  partsOf,
  SYNC_OPTIONS,
  waitsOf,
  WaitQueue,
  type SyncOptions,
  type SyncParts,
} from './wait-queue.ts';

/** Options of a {@link sharedWriter}. */
export interface SharedWriterOptions extends SyncOptions {
  /** How many frames may wait for their turn: one more fails with a `LimitError`. @default 1024 */
  readonly maxWaiting?: number | undefined;
}

const SHARED_WRITER_OPTIONS: OptionTable<SharedWriterOptions> = {
  ...SYNC_OPTIONS,
  maxWaiting: rules.count,
};
const DEFAULT_MAX_WAITING = 1_024;

/** How to cancel a {@link SharedWriter.send}, and who owns the frame. */
export interface FrameSendOptions extends WaitOptions {
  /** Gives the bytes away: they are not copied, and must never be changed again. @default false */
  readonly transfer?: boolean | undefined;
}

/** A frozen snapshot of a {@link SharedWriter}. */
export interface SharedWriterStatistics {
  /** How many frames wait for their turn. */
  readonly waiting: number;
  /** Whether a frame has begun and not ended. */
  readonly isWriting: boolean;
  /** The pending calls on it. */
  readonly waits: readonly WaitInfo[];
}

const NOTHING: Uint8Array = new Uint8Array(0);

class FrameWaiter extends ListedWaiter<void> {
  frame: Uint8Array = NOTHING;
}

/** Writes frames of several tasks, made by {@link sharedWriter}. */
export class SharedWriter {
  readonly #parts: SyncParts;
  readonly #stream: StreamWriter;
  readonly #maxWaiting: number;
  /** Frames that have not begun. */
  readonly #turns: WaitQueue<void>;
  /** The call whose frame has begun, unless it was cancelled. */
  readonly #begun: WaitQueue<void>;
  #isWriting = false;
  /** Ends the wait for room when no frame is left that needs it. */
  #roomWait: AbortController | undefined;
  /** Why a frame was torn: nothing can be written after it. */
  #broken: Error | undefined;

  constructor(stream: StreamWriter, parts: SyncParts, maxWaiting: number) {
    this.#stream = stream;
    this.#parts = parts;
    this.#maxWaiting = maxWaiting;
    this.#begun = new WaitQueue(parts);
    this.#turns = new WaitQueue(parts, () => {
      if (this.#turns.size === 0) this.#roomWait?.abort();
    });
  }

  /**
   * Writes one frame, whole, after those of earlier calls.
   *
   * A call that is cancelled before the stream has accepted a byte of its frame writes nothing. Later, the call settles at
   * once, and its frame is written to its end before the next one begins.
   *
   * @param frame - Bytes, or text, written as UTF-8. Bytes that have to wait are copied.
   * @param options - `signal` cancels the call; `timeout` limits it, in milliseconds (default: no limit); `transfer` gives
   * the bytes away.
   * @returns Fulfilled when the stream has accepted the whole frame.
   * @throws `LimitError` when `maxWaiting` frames wait; `TimeoutError`; `signal.reason`; `InvalidInputError`; what the
   * stream's `writeAll` throws, as `ClosedError` and `BrokenError`.
   */
  send(frame: WriteData, options?: FrameSendOptions): Promise<void> {
    let wire = NOTHING;
    let transfer = false;
    let accepted: number | typeof WOULD_BLOCK = WOULD_BLOCK;
    try {
      checkWaitOptions('send', options);
      transfer = options?.transfer === true;
      if (!isBytes(frame) && typeof frame !== 'string') {
        throw invalidInput('send', 'frame', 'a Uint8Array or a string', frame);
      }
      if (this.#broken !== undefined) throw this.#broken;
      // From here on the length is one of bytes: a character counts as many as it has.
      wire = typeof frame === 'string' ? Buffer.from(frame) : frame;
      if (!this.#isWriting && this.#turns.size === 0) {
        accepted = this.#stream.tryWrite(wire, { transfer });
        if (accepted === wire.length) return this.#parts.budget.pay(undefined);
      }
      this.#checkRoom();
    } catch (error) {
      return this.#parts.budget.fail(error);
    }
    const isOurs = transfer || wire !== frame;
    const waiter = new FrameWaiter('send', this.#parts.clock, options);
    if (accepted === WOULD_BLOCK) {
      waiter.frame = owned(wire, 0, isOurs);
      this.#turns.add(waiter);
      if (!this.#isWriting) this.#start();
    } else {
      this.#begun.add(waiter);
      this.#start(waiter, owned(wire, accepted, isOurs));
    }
    return waiter.promise;
  }

  /** A frozen snapshot. */
  statistics(): SharedWriterStatistics {
    return Object.freeze({
      waiting: this.#turns.size,
      isWriting: this.#isWriting,
      waits: waitsOf(this.#parts, this.#begun, this.#turns),
    });
  }

  /** Begins to write, for all senders: not in the scope of the one that happens to be first. */
  #start(begun?: FrameWaiter, rest = NOTHING): void {
    void outsideScopes(() => this.#writeTurns(begun, rest));
  }

  /** Writes the remainder of a frame that has begun, and then the frames whose turn comes; never rejects. */
  async #writeTurns(begun: FrameWaiter | undefined, rest: Uint8Array): Promise<void> {
    this.#isWriting = true;
    if (begun !== undefined) await this.#finish(begun, rest);
    while (this.#turns.size > 0) {
      if (this.#broken !== undefined) this.#turns.rejectAll(this.#broken);
      else if (this.#stream.isWritable) await this.#beginNext();
      else await this.#waitForRoom();
    }
    this.#isWriting = false;
  }

  /** Begins the oldest frame; one that is not accepted whole is finished before anything else. */
  async #beginNext(): Promise<void> {
    const waiter = this.#turns.first as FrameWaiter;
    const { frame } = waiter;
    try {
      const accepted = this.#stream.tryWrite(frame, { transfer: true });
      if (accepted === WOULD_BLOCK) return;
      if (accepted === frame.length) {
        this.#turns.grant(waiter, undefined);
        return;
      }
      this.#turns.remove(waiter);
      this.#begun.add(waiter);
      await this.#finish(waiter, owned(frame, accepted, true));
    } catch (error) {
      waiter.reject(error);
    }
  }

  async #finish(waiter: FrameWaiter, rest: Uint8Array): Promise<void> {
    try {
      await this.#stream.writeAll(rest, { transfer: true });
      this.#begun.grant(waiter, undefined);
    } catch (error) {
      this.#broken = error as Error;
      waiter.reject(error);
    }
  }

  async #waitForRoom(): Promise<void> {
    const wait = new AbortController();
    this.#roomWait = wait;
    try {
      await this.#stream.writable({ signal: wait.signal });
    } catch (error) {
      // No frame is left, or the stream was closed: then nothing can be written.
      if (!wait.signal.aborted) this.#turns.rejectAll(error);
    } finally {
      this.#roomWait = undefined;
    }
  }

  #checkRoom(): void {
    if (this.#turns.size < this.#maxWaiting) return;
    throw new LimitError(
      `send: ${this.#maxWaiting} frames wait already; await earlier calls, or raise \`maxWaiting\``,
      { code: 'ERR_LIMIT', operation: 'send', limitName: 'maxWaiting', limit: this.#maxWaiting },
    );
  }
}

/** What has to be kept of a frame: a copy, since its owner may change it when the call was cancelled. */
function owned(frame: Uint8Array, from: number, transfer: boolean): Uint8Array {
  const rest = frame.subarray(from);
  // Not `slice`, which copies nothing of a Buffer.
  return transfer ? rest : new Uint8Array(rest);
}

/**
 * Makes one writer of a stream for several tasks. Nothing else may write to the stream meanwhile; reading and closing it are
 * up to its owner.
 *
 * A send that was cancelled leaves the stream usable. A peer that reads nothing holds up all senders: give each call a
 * `timeout`, and reset the stream when it passes.
 *
 * @param stream - A stream, its writing half, or any `StreamWriter`.
 * @param options - `maxWaiting`: how many frames may wait for their turn (default: 1024).
 * @throws `InvalidInputError` for a wrong option.
 *
 * @example
 * ```ts
 * import { memoryPair } from '@awaitio/core';
 * import { sharedWriter } from '@awaitio/core/sync';
 *
 * const [client, server] = memoryPair();
 * const writer = sharedWriter(client);
 * await Promise.all(['one', 'two', 'three'].map((name) => writer.send(`${name}\n`)));
 * await client.close();
 * for (let line; (line = await server.readLine()) !== null;) console.log(line); // one, two, three
 * await server.close();
 * ```
 */
export function sharedWriter(stream: StreamWriter, options?: SharedWriterOptions): SharedWriter {
  if (options !== undefined) checkOptions('sharedWriter', options, SHARED_WRITER_OPTIONS);
  if (!rules.method('tryWrite').accepts(stream)) {
    throw invalidInput('sharedWriter', 'stream', 'a StreamWriter', stream);
  }
  const { maxWaiting = DEFAULT_MAX_WAITING } = options ?? {};
  return new SharedWriter(stream, partsOf('shared writer', options), maxWaiting);
}
