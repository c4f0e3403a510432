/**
 * Moving bytes from one stream to another: one way, and both ways at once.
 *
 * A copy buffers nothing. It waits for room in the destination, then for bytes of the source, and passes the source's
 * view straight to the destination, which accepts what fits; the remainder never leaves the source. So only the two
 * streams hold bytes, a slow destination slows the source down, and after a copy that is cancelled, or fails, every
 * byte is either in the destination or still in the source.
 */

import { checkMethods, checkOptions, rules, type OptionTable } from '../vocabulary/check.ts';
import { microtask } from '../vocabulary/platform.ts';
import { watchAbort, type AbortWatcher } from '../waiting/abort-watch.ts';
import { ClosedError } from '../vocabulary/errors.ts';
import { ReadyBits } from '../vocabulary/interest.ts';
import { WOULD_BLOCK } from '../vocabulary/would-block.ts';
import { startProgress } from '../streams/stream-parts.ts';
import type { DuplexStream } from '../streams/duplex-stream.ts';
import type { StreamReader } from '../streams/stream-reader.ts';
import { payThrough, type StreamWriter } from '../streams/stream-writer.ts';
import { runFrom } from '../waiting/wait-trace.ts';
import { checkWaitOptions, type WaitOptions } from '../waiting/waiter.ts';

/** How much to copy, and how to cancel it. */
export interface CopyOptions extends Pick<WaitOptions, 'signal'> {
  /** The most bytes to copy; what comes after them stays in the source. @default no limit */
  readonly limit?: number | undefined;
  /** The most bytes that one read and one write move. @default 65536, as much as one read of a socket */
  readonly bufferSize?: number | undefined;
  /** Receives, as the copy proceeds, how many bytes were moved; right also after an abort or an error. */
  readonly progress?: { copied: number } | undefined;
}

/** How to copy both ways. */
export interface CopyBidirectionalOptions extends Pick<CopyOptions, 'signal' | 'bufferSize'> {
  /** Receives, as the copy proceeds, how many bytes were moved each way; right also after an abort or an error. */
  readonly progress?: { aToB: number; bToA: number } | undefined;
}

const COPY_BIDIRECTIONAL_OPTIONS: OptionTable<CopyBidirectionalOptions> = {
  signal: rules.signal,
  bufferSize: rules.whole(1),
  progress: rules.object,
};
const COPY_OPTIONS: OptionTable<CopyOptions> = {
  ...COPY_BIDIRECTIONAL_OPTIONS,
  limit: {
    expected: 'a whole number from 0',
    accepts: (value) => value === Infinity || rules.whole(0).accepts(value),
  },
};

/** How many bytes were moved each way. */
export interface BidirectionalCounts {
  /** Bytes that went from the first stream to the second. */
  readonly aToB: number;
  /** Bytes that went from the second stream to the first. */
  readonly bToA: number;
}

const DEFAULT_BUFFER_SIZE = 65_536;
const DUPLEX_METHODS = ['readWith', 'tryWrite', 'writable', 'shutdown', 'observe'] as const;

/**
 * Copies until the source ends.
 *
 * The destination stays open: call its `shutdown('write')` afterwards to pass the end on. A destination that breaks
 * while the source is silent is noticed when the source's next byte arrives. Any implementation of
 * the two interfaces works, not only streams.
 *
 * @param source - Read by the copy alone: another reader meanwhile fails with `BusyError`.
 * @param destination - Holds at most its high-water mark of unsent bytes, so the copy is as fast as its peer.
 * @param options - `signal` cancels the copy; `limit` in bytes (default: no limit); `bufferSize` in bytes (default:
 * 65536); `progress.copied`.
 * @returns How many bytes were copied: to the end of the source, or `limit`.
 * @throws What reading or writing throws: `BrokenError`, `ClosedError`, `BusyError`; `signal.reason`;
 * `InvalidInputError`. Both streams stay usable: every byte that did not reach the destination is still in the source,
 * and `progress.copied` is how many did. To give up for good, `reset` the destination: after a `close` its peer cannot tell
 * the part from the whole.
 *
 * @example
 * ```ts
 * import { copy, memoryPair } from '@awaitio/core';
 *
 * const [client, server] = memoryPair();
 * await client.writeAll('hello');
 * await client.shutdown('write');
 * console.log(await copy(server, server)); // 5: an echo server
 * await server.close();
 * console.log(await client.readLine()); // hello
 * await client.close();
 * ```
 */
export async function copy(
  source: StreamReader,
  destination: StreamWriter,
  options: CopyOptions = {},
): Promise<number> {
  try {
    checkMethods('copy', 'source', source, ['readWith']);
    checkMethods('copy', 'destination', destination, ['tryWrite', 'writable']);
    checkOptions('copy', options, COPY_OPTIONS);
    checkWaitOptions('copy', options);
  } catch (error) {
    await payThrough(destination);
    throw error;
  }
  const { signal, limit = Infinity, bufferSize = DEFAULT_BUFFER_SIZE, progress } = options;
  if (limit === 0) await payThrough(destination);
  let copied = 0;
  if (progress !== undefined) startProgress('copy', progress, 'copied');
  const moved = (count: number): void => {
    copied += count;
    if (progress !== undefined) progress.copied = copied;
  };
  await runFrom(copy, () => move(source, destination, signal, bufferSize, limit, moved));
  return copied;
}

/** Moves bytes until the source ends or the limit is reached, and reports every piece. */
async function move(
  source: StreamReader,
  destination: StreamWriter,
  signal: AbortSignal | undefined,
  bufferSize: number,
  limit: number,
  moved: (count: number) => void,
): Promise<void> {
  let left = limit;
  const take = (view: Uint8Array): number => {
    const most = Math.min(view.length, bufferSize, left);
    const count = destination.tryWrite(most === view.length ? view : view.subarray(0, most));
    // Another task may have filled the room in the meantime: nothing is taken, and the next iteration waits again.
    if (count === WOULD_BLOCK) return 0;
    left -= count;
    moved(count);
    return count;
  };
  const options: WaitOptions | undefined = signal === undefined ? undefined : { signal };
  for (;;) {
    if (left === 0) return;
    if (!destination.isWritable) await destination.writable(options);
    if ((await source.readWith(take, options)) === null) return;
  }
}

/**
 * Copies both ways at once until both sides have finished: the core of a proxy.
 *
 * Half-closing passes through: when `a` finishes, its last bytes and then a FIN go to `b`, while bytes from `b` are
 * still copied; and vice versa. Neither stream is closed.
 *
 * @param a - One stream; the copy is its only reader and writer while it runs.
 * @param b - The other stream, likewise.
 * @param options - `signal` cancels the copy; `bufferSize` in bytes (default: 65536); `progress.aToB` and
 * `progress.bToA`.
 * @returns How many bytes went each way, when both directions have ended and both FINs were passed on.
 * @throws The first failure of either direction (`BrokenError`, `ClosedError`, `BusyError`), also when a connection
 * breaks after its reading has ended; `signal.reason`; `InvalidInputError`. By then both directions have stopped,
 * `progress` is how many bytes went each way, and no FIN was sent to either side for it. Both streams are as usable as
 * their connections are; the caller resets them, since a `close` would end a part as if it were the whole.
 *
 * @example
 * ```ts
 * import { copyBidirectional, memoryPair } from '@awaitio/core';
 *
 * const [client, front] = memoryPair();
 * const [back, server] = memoryPair();
 * const proxy = copyBidirectional(front, back);
 * await client.writeAll('ping\n');
 * await client.shutdown('write');
 * console.log(await server.readLine()); // ping
 * await server.writeAll('pong\n'); // the client has finished, the server has not
 * await server.shutdown('write');
 * console.log(await client.readLine()); // pong
 * console.log(await proxy); // { aToB: 5, bToA: 5 }
 * for (const stream of [client, front, back, server]) await stream.close();
 * ```
 */
export async function copyBidirectional(
  a: DuplexStream,
  b: DuplexStream,
  options: CopyBidirectionalOptions = {},
): Promise<BidirectionalCounts> {
  try {
    checkMethods('copyBidirectional', 'a', a, DUPLEX_METHODS);
    checkMethods('copyBidirectional', 'b', b, DUPLEX_METHODS);
    checkOptions('copyBidirectional', options, COPY_BIDIRECTIONAL_OPTIONS);
    checkWaitOptions('copyBidirectional', options);
  } catch (error) {
    await payThrough(b);
    throw error;
  }
  const { signal, bufferSize = DEFAULT_BUFFER_SIZE } = options;
  const run = new BidirectionalCopy(a, b, bufferSize, options.progress ?? { aToB: 0, bToA: 0 });
  const registration = signal === undefined ? undefined : watchAbort(signal, run);
  try {
    return await runFrom(copyBidirectional, () => run.finished());
  } finally {
    registration?.remove();
  }
}

/** One `copyBidirectional`: two directions that stop together. */
class BidirectionalCopy implements AbortWatcher {
  readonly #a: DuplexStream;
  readonly #b: DuplexStream;
  readonly #bufferSize: number;
  readonly #progress: { aToB: number; bToA: number };
  /** What stops one direction stops both, with the first reason: a failure, or the caller's signal. */
  readonly #stop = new AbortController();
  /** The streams that bytes are still written to. */
  readonly #destinations = new Set<DuplexStream>();
  /** Functions that stop observing. */
  readonly #watches: (() => void)[] = [];

  constructor(
    a: DuplexStream,
    b: DuplexStream,
    bufferSize: number,
    progress: { aToB: number; bToA: number },
  ) {
    this.#a = a;
    this.#b = b;
    this.#bufferSize = bufferSize;
    this.#progress = progress;
    startProgress('copyBidirectional', progress, 'aToB');
    startProgress('copyBidirectional', progress, 'bToA');
  }

  onAbort(reason: unknown): void {
    this.#stop.abort(reason);
  }

  async finished(): Promise<BidirectionalCounts> {
    const progress = this.#progress;
    try {
      await Promise.all([
        this.#pass(this.#a, this.#b, (count) => {
          progress.aToB += count;
        }),
        this.#pass(this.#b, this.#a, (count) => {
          progress.bToA += count;
        }),
      ]);
    } finally {
      for (const end of this.#watches) end();
    }
    if (this.#stop.signal.aborted) throw this.#stop.signal.reason;
    return { aToB: progress.aToB, bToA: progress.bToA };
  }

  /** One direction, to its end and the FIN that passes it on; never rejects. */
  async #pass(from: DuplexStream, to: DuplexStream, moved: (count: number) => void): Promise<void> {
    const { signal } = this.#stop;
    this.#destinations.add(to);
    try {
      await move(from, to, signal, this.#bufferSize, Infinity, moved);
      this.#destinations.delete(to);
      this.#watch(from);
      await to.shutdown('write', { signal });
    } catch (error) {
      this.#stop.abort(error);
    }
  }

  /**
   * Watches, until the copy ends, whether `stream` can still be written to.
   *
   * While a stream is read, its failure is reported to the reader, after the bytes before it. Once reading has ended
   * there is no reader left, and the other direction would wait for bytes that it cannot write anywhere.
   */
  #watch(stream: DuplexStream): void {
    const onReadiness = (): void => {
      const isLost = (stream.readiness & ReadyBits.WRITE_CLOSED) !== 0;
      if (!isLost || !this.#destinations.has(stream)) return;
      const reason = stream.failure ?? shutHere();
      // The stream is notifying its observers: let the tasks that wait for it run first.
      microtask(() => {
        this.#stop.abort(reason);
      });
    };
    const observer = { onReadiness };
    stream.observe(observer);
    this.#watches.push(() => {
      stream.unobserve(observer);
    });
    onReadiness();
  }
}

function shutHere(): ClosedError {
  return new ClosedError('copyBidirectional: writing was shut down by this side', {
    code: 'ERR_WRITE_SHUT_DOWN',
    operation: 'copyBidirectional',
  });
}
