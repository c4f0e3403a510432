/**
 * The writing side of a stream: how much the carrier still holds, the waiters for room, and how writing ended.
 *
 * Writable means that the carrier holds fewer unsent bytes than the high-water mark; `tryWrite` accepts at most what
 * is left below it, so the memory a stream holds for a slow peer is bounded whatever its tasks do (by twice the mark,
 * where pieces are given away: they are not cut). Accepted bytes are the carrier's: cancelling a write stops after what
 * was accepted, and `progress` tells how much that is.
 *
 * Whose memory is written? A carrier keeps what it is given until it is sent, while the caller of `write` may reuse its
 * buffer at once: so bytes are copied here, unless the caller gives them away with `transfer`.
 *
 * Text is UTF-8 on the wire. A carrier takes a string as one byte per character, which is cheapest and, for ASCII, the
 * same: text that is ASCII stays a string, any other becomes bytes, given away, before anything is counted.
 */

import { ClosedError, type IoError } from '../vocabulary/errors.ts';
import { WOULD_BLOCK, type WouldBlock } from '../vocabulary/would-block.ts';
import { busyError, closedError, startProgress, type StreamParts } from './stream-parts.ts';
import { bytesOfPieces, encoded, type WriteData, type WriteOptions } from './stream-writer.ts';
import {
  checkWaitOptions,
  remaining,
  WaiterList,
  type WaitInfo,
  type WaitOptions,
} from '../waiting/waiter.ts';
import { callSite } from '../waiting/wait-trace.ts';

export class WriteSide {
  readonly #parts: StreamParts;
  /** The pending write, named in the error of a second one. */
  #busyWith: string | undefined;
  #room: WaiterList<void> | undefined;
  #flushed: WaiterList<void> | undefined;
  #finishing: WaiterList<void> | undefined;
  #isShut = false;
  #isFinished = false;
  #broken: IoError | undefined;
  #isClosed = false;
  bytesWritten = 0;

  constructor(parts: StreamParts) {
    this.#parts = parts;
  }

  /** Whether no more bytes can be written. */
  get isShut(): boolean {
    return this.#isShut || this.#isClosed || this.#broken !== undefined;
  }

  /** Whether a write would not wait. */
  get isWritable(): boolean {
    return this.isShut || this.#parts.transport.unsent < this.#parts.marks.write;
  }

  // --- Called by the carrier -----------------------------------------------------------------------------------

  drain(): void {
    const { unsent } = this.#parts.transport;
    if (unsent < this.#parts.marks.write) this.#room?.resolveAll();
    if (unsent === 0) this.#flushed?.resolveAll();
  }

  fail(error: IoError): void {
    if (this.#isClosed || this.#broken !== undefined) return;
    this.#broken = error;
    this.#room?.resolveAll();
    this.#flushed?.rejectAll(error);
    this.#finishing?.rejectAll(error);
  }

  /** The connection closed without an error; returns whether all accepted bytes were sent, or it was closed here. */
  finish(): boolean {
    if (this.#isClosed) return true;
    if (!this.#isShut || this.#parts.transport.unsent > 0) return false;
    this.#isFinished = true;
    this.#flushed?.resolveAll();
    this.#finishing?.resolveAll();
    return true;
  }

  /** This side closed the stream. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#room?.resolveAll();
    this.#flushed?.rejectAll(closedError('flush'));
    this.#finishing?.resolveAll();
  }

  // --- Called by tasks ------------------------------------------------------------------------------------------

  tryWrite(data: WriteData, transfer: boolean): number | WouldBlock {
    const wire = encoded(data);
    return this.tryWriteEncoded(wire, transfer || wire !== data);
  }

  /** As `tryWrite`, where text stands for its latin1 bytes. */
  tryWriteEncoded(wire: WriteData, transfer: boolean): number | WouldBlock {
    if (this.#busyWith !== undefined) throw busyError('tryWrite', this.#busyWith, 'write');
    this.#check('tryWrite');
    return wire.length === 0 ? 0 : this.#accept(wire, 0, transfer);
  }

  writable(options?: WaitOptions): Promise<void> {
    try {
      checkWaitOptions('writable', options);
      if (this.#isClosed) throw closedError('writable');
      if (this.isWritable) return this.#parts.budget.pay(undefined);
    } catch (error) {
      return this.#parts.budget.fail(error);
    }
    return this.#waitForRoom('writable', options).then(() => {
      if (this.#isClosed) throw closedError('writable');
    });
  }

  write(data: WriteData, options: WriteOptions | undefined): Promise<number> {
    try {
      const wire = encoded(data);
      const transfer = options?.transfer === true || wire !== data;
      const accepted = this.#begin('write', wire, transfer, options);
      if (accepted > 0 || wire.length === 0) return this.#parts.budget.pay(accepted);
      return this.#continue('write', wire, transfer, accepted, options, false);
    } catch (error) {
      return this.#parts.budget.fail(error);
    }
  }

  writeAll(data: WriteData, options: WriteOptions | undefined): Promise<void> {
    return this.#writeAll('writeAll', data, options);
  }

  /** When everything is accepted at once, no promise is made but the one returned. */
  #writeAll(operation: string, data: WriteData, options: WriteOptions | undefined): Promise<void> {
    try {
      const wire = encoded(data);
      const transfer = options?.transfer === true || wire !== data;
      const accepted = this.#begin(operation, wire, transfer, options);
      if (accepted === wire.length) return this.#parts.budget.pay(undefined);
      return this.#continue(operation, wire, transfer, accepted, options, true).then(nothing);
    } catch (error) {
      return this.#parts.budget.fail(error);
    }
  }

  writev(data: readonly WriteData[], options: WriteOptions | undefined): Promise<void> {
    try {
      checkWaitOptions('writev', options);
      if (options?.progress !== undefined) startProgress('writev', options.progress, 'accepted');
    } catch (error) {
      return this.#parts.budget.fail(error);
    }
    const pieces = bytesOfPieces(data);
    const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const isWhole =
      options?.transfer === true &&
      this.#busyWith === undefined &&
      !this.isShut &&
      total <= this.#parts.marks.write - this.#parts.transport.unsent;
    if (isWhole) {
      this.bytesWritten += total;
      this.#parts.transport.writev(pieces);
      if (options.progress !== undefined) options.progress.accepted = total;
      return this.#parts.budget.pay(undefined);
    }
    return this.#writeAll('writev', Buffer.concat(pieces), { ...options, transfer: true });
  }

  flush(options?: WaitOptions): Promise<void> {
    try {
      checkWaitOptions('flush', options);
      if (this.#broken !== undefined) throw this.#broken;
      if (this.#isClosed) throw closedError('flush');
      if (this.#parts.transport.unsent === 0) return this.#parts.budget.pay(undefined);
    } catch (error) {
      return this.#parts.budget.fail(error);
    }
    return (this.#flushed ??= new WaiterList()).wait('flush', this.#parts.clock, options);
  }

  /** Finishes writing (FIN) after what was accepted; pending writes fail. */
  shutdown(options?: WaitOptions): Promise<void> {
    try {
      checkWaitOptions('shutdown', options);
      if (this.#isFinished || this.#isClosed) return this.#parts.budget.pay(undefined);
      if (this.#broken !== undefined) throw this.#broken;
    } catch (error) {
      return this.#parts.budget.fail(error);
    }
    this.#finishing ??= new WaiterList();
    const finished = this.#finishing.wait('shutdown', this.#parts.clock, options);
    this.shut();
    return finished;
  }

  /** As {@link shutdown}, without a promise of its end. */
  shut(): void {
    if (this.#isShut) return;
    this.#isShut = true;
    this.#room?.resolveAll();
    this.#parts.transport.end(() => {
      this.#isFinished = true;
      this.#finishing?.resolveAll();
    });
  }

  describe(now: number, into: WaitInfo[]): void {
    this.#room?.describe(now, into);
    this.#flushed?.describe(now, into);
    this.#finishing?.describe(now, into);
  }

  // --- Inside --------------------------------------------------------------------------------------------------

  /** Accepts what fits below the high-water mark, from `offset`; would-block when nothing does. */
  #accept(data: WriteData, offset: number, transfer: boolean): number | WouldBlock {
    const room = this.#parts.marks.write - this.#parts.transport.unsent;
    if (room <= 0) return WOULD_BLOCK;
    const rest = data.length - offset;
    // A piece that is given away is in memory already, cut or not: one no larger than the high-water mark is not cut.
    const count = transfer && rest <= this.#parts.marks.write ? rest : Math.min(room, rest);
    this.bytesWritten += count;
    const isWhole = count === data.length;
    if (typeof data === 'string') {
      this.#parts.transport.write(isWhole ? data : data.slice(offset, offset + count));
    } else {
      const piece = isWhole ? data : data.subarray(offset, offset + count);
      // From Node's pool: a small copy outside it costs an allocator call each way.
      this.#parts.transport.write(transfer ? piece : Buffer.from(piece));
    }
    return count;
  }

  /** Begins an exclusive write: accepts what it can at once, and returns how much that was. */
  #begin(operation: string, data: WriteData, transfer: boolean, options?: WriteOptions): number {
    checkWaitOptions(operation, options);
    if (this.#busyWith !== undefined) throw busyError(operation, this.#busyWith, 'write');
    this.#check(operation);
    if (options?.progress !== undefined) startProgress(operation, options.progress, 'accepted');
    const first = data.length === 0 ? 0 : this.#accept(data, 0, transfer);
    if (first === WOULD_BLOCK) return 0;
    if (options?.progress !== undefined) options.progress.accepted = first;
    return first;
  }

  /** Continues it: waits for room, for all of the data or, without `all`, for any of it. */
  async #continue(
    operation: string,
    data: WriteData,
    transfer: boolean,
    start: number,
    options: WriteOptions | undefined,
    all: boolean,
  ): Promise<number> {
    let accepted = start;
    const deadline =
      options?.timeout === undefined ? undefined : this.#parts.clock.now() + options.timeout;
    // Later waits of the call do not have its caller on the stack.
    const site = callSite(operation);
    this.#busyWith = operation;
    try {
      while (accepted < data.length) {
        if (this.isWritable) await this.#parts.budget.pay(undefined);
        else
          await this.#waitForRoom(operation, remaining(options, deadline, this.#parts.clock, site));
        this.#check(operation);
        checkWaitOptions(operation, options);
        const count = this.#accept(data, accepted, transfer);
        if (count === WOULD_BLOCK) continue;
        accepted += count;
        if (options?.progress !== undefined) options.progress.accepted = accepted;
        if (!all) break;
      }
      return accepted;
    } finally {
      this.#busyWith = undefined;
    }
  }

  /** Waits until there may be room, or until writing has ended; the caller checks which. */
  #waitForRoom(operation: string, options: WaitOptions | undefined): Promise<void> {
    this.#room ??= new WaiterList();
    return this.#room.wait(operation, this.#parts.clock, options);
  }

  #check(operation: string): void {
    if (this.#isClosed) throw closedError(operation);
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#isShut) {
      throw new ClosedError(`${operation}: writing was shut down by this side`, {
        code: 'ERR_WRITE_SHUT_DOWN',
        operation,
      });
    }
  }
}

const nothing = (): void => {};
