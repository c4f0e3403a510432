/**
 * `ByteStream`: the one implementation of reading, writing and readiness, over any carrier.
 *
 * The contract of its calls is documented once, on the interfaces that it implements: `stream-reader.ts`,
 * `stream-writer.ts` and `duplex-stream.ts`. The two directions are implemented in `read-side.ts` and `write-side.ts`,
 * the life of the connection in `stream-core.ts`. This file is the public door: it checks arguments and delegates.
 */

import type { Duplex } from 'node:stream';
import type { Clock } from '../vocabulary/clock.ts';
import { clockOf } from '../waiting/system-clock.ts';
import {
  checkIsObject,
  checkMethods,
  checkOptions,
  rules,
  type OptionTable,
} from '../vocabulary/check.ts';
import { invalidInput } from '../vocabulary/errors.ts';
import { Ready, ReadyBits, type Interest } from '../vocabulary/interest.ts';
import type { WouldBlock } from '../vocabulary/would-block.ts';
import { readExactly, readLine, readUntil, type DelimitedReadOptions } from './delimited-read.ts';
import type { SocketDuplex } from './socket-duplex.ts';
import { nodeDuplex, TO_NODE_OPTIONS, type ToNodeOptions } from './to-node.ts';
import { nodeTransport } from './from-node.ts';
import { checkBuffer, checkConsumer, type Consume } from './queue/read-waits.ts';
import type { SourceObserver } from '../vocabulary/source.ts';
import { ReadHalf, WriteHalf } from './halves.ts';
import { readFrame, type Decoder } from './frame-read.ts';
import { marksOf, openInside } from './stream-parts.ts';
import { StreamCore } from './stream-core.ts';
import {
  checkShutdown,
  CLOSE_OPTIONS,
  DEFAULT_LINGER,
  type CloseOptions,
  type DuplexStream,
  type StreamEnd,
  type StreamStatistics,
} from './duplex-stream.ts';
import { registerStream } from './registry.ts';
import { TRANSPORT_METHODS, type Transport } from './transport.ts';
import { WaitIterator } from '../waiting/wait-iterator.ts';
import type { WaitOptions } from '../waiting/waiter.ts';
import { webStreams, type WebStreams } from './to-web.ts';
import { checkData, type WriteData, type WriteOptions } from './stream-writer.ts';

/** How a stream is set up; one object may serve many streams. */
export interface StreamOptions {
  /** Where time comes from. @default the system's clock, or that of the simulation */
  readonly clock?: Clock | undefined;
  /** Bytes queued for reading above which the carrier is paused. @default 65536 (Node's and Linux's usual window) */
  readonly readHighWaterMark?: number | undefined;
  /** Unsent bytes from which the stream is not writable. @default 65536 */
  readonly writeHighWaterMark?: number | undefined;
}

/** What {@link StreamOptions} may be. */
export const STREAM_OPTIONS: OptionTable<StreamOptions> = {
  clock: rules.clock,
  readHighWaterMark: rules.count,
  writeHighWaterMark: rules.count,
};

/**
 * A bidirectional stream of bytes with awaitable readiness.
 *
 * Streams come from `TcpStream.connect`, a listener or the test kit; only the author of a carrier calls the
 * constructor. What its calls promise is documented on {@link StreamReader}, {@link StreamWriter} and {@link
 * DuplexStream}.
 *
 * @example
 * ```ts
 * import { memoryPair } from '@awaitio/core';
 *
 * const [client, server] = memoryPair();
 * await client.writeAll('ping');
 * await client.shutdown('write');
 * for await (const chunk of server) console.log(Buffer.from(chunk).toString()); // ping
 * await client.close();
 * await server.close();
 * ```
 */
export class ByteStream implements DuplexStream {
  readonly #core: StreamCore;

  static {
    openInside((stream) => (#core in stream ? stream.#core : undefined));
  }

  /** @throws `InvalidInputError` for a wrong option; a subclass checks its own. */
  constructor(transport: Transport, options?: StreamOptions) {
    if (new.target === ByteStream) {
      if (options !== undefined) checkOptions('ByteStream', options, STREAM_OPTIONS);
      checkMethods('ByteStream', 'transport', transport, TRANSPORT_METHODS);
    }
    this.#core = new StreamCore(transport, clockOf(options?.clock), marksOf(options));
    registerStream(this, this.#core.clock);
  }

  // --- Readiness -----------------------------------------------------------------------------------------------

  get isReadable(): boolean {
    return this.#core.reading.isReadable;
  }

  get isWritable(): boolean {
    return this.#core.writing.isWritable;
  }

  get readiness(): number {
    return this.#core.readiness;
  }

  get failure(): unknown {
    return this.#core.failure;
  }

  get isDisposed(): boolean {
    return this.#core.isDisposed;
  }

  readable(options?: WaitOptions): Promise<void> {
    return this.#core.reading.readable(options);
  }

  writable(options?: WaitOptions): Promise<void> {
    return this.#core.writing.writable(options);
  }

  readClosed(options?: WaitOptions): Promise<void> {
    return this.#core.reading.readClosed(options);
  }

  /**
   * Waits until one of the interests is met.
   *
   * @param interest - `Interest.READABLE`, `Interest.WRITABLE` or both, joined with `|`.
   * @param options - `signal` cancels the wait; `timeout` limits it, in milliseconds (default: no limit).
   * @returns What the stream is ready for, narrowed to the interests, with the closed and error flags.
   * @throws {@link ClosedError} when this side closes the stream; `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  async ready(interest: Interest, options?: WaitOptions): Promise<Ready> {
    const bits = await this.#core.ready(interest, options);
    const mask = interest | ReadyBits.READ_CLOSED | ReadyBits.WRITE_CLOSED | ReadyBits.ERROR;
    return new Ready(bits & mask);
  }

  // --- Reading -------------------------------------------------------------------------------------------------

  tryRead(buffer: Uint8Array): number | null | WouldBlock {
    return this.#core.reading.tryRead(checkBuffer('tryRead', buffer));
  }

  read(buffer: Uint8Array, options?: WaitOptions): Promise<number | null> {
    try {
      checkBuffer('read', buffer);
    } catch (error) {
      return this.#core.budget.fail(error);
    }
    return this.#core.reading.read(buffer, options);
  }

  readWith(take: Consume, options?: WaitOptions): Promise<number | null> {
    try {
      checkConsumer(take);
    } catch (error) {
      return this.#core.budget.fail(error);
    }
    return this.#core.reading.readWith(take, options);
  }

  readChunk(options?: WaitOptions): Promise<Uint8Array | null> {
    return this.#core.reading.readChunk(options);
  }

  readExactly(count: number, options?: WaitOptions): Promise<Uint8Array> {
    return readExactly(this.#core.reading, count, options);
  }

  readUntil(
    delimiter: Uint8Array | string,
    options?: DelimitedReadOptions,
  ): Promise<Uint8Array | null> {
    return readUntil(this.#core.reading, delimiter, options);
  }

  readLine(options?: DelimitedReadOptions): Promise<string | null> {
    return readLine(this.#core.reading, options);
  }

  readFrame<T>(decoder: Decoder<T>, options?: WaitOptions): Promise<T | null> {
    return readFrame(this.#core.reading, decoder, options);
  }

  peek(count: number): Uint8Array | null | WouldBlock {
    if (!Number.isInteger(count) || count < 0) {
      throw invalidInput('peek', 'count', 'a whole number from 0', count);
    }
    return this.#core.reading.peek(count);
  }

  chunks(options?: WaitOptions): AsyncIterableIterator<Uint8Array> {
    const take = (wait: WaitOptions): Promise<Uint8Array | null> => this.readChunk(wait);
    return new WaitIterator({ operation: 'chunks', take, end: null }, options);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return this.chunks();
  }

  // --- Writing -------------------------------------------------------------------------------------------------

  tryWrite(data: WriteData, options?: { readonly transfer?: boolean }): number | WouldBlock {
    if (options !== undefined) checkIsObject('tryWrite', options);
    checkData('tryWrite', data);
    return this.#core.writing.tryWrite(data, options?.transfer === true);
  }

  write(data: WriteData, options?: WriteOptions): Promise<number> {
    try {
      checkData('write', data);
    } catch (error) {
      return this.#core.budget.fail(error);
    }
    return this.#core.writing.write(data, options);
  }

  writeAll(data: WriteData, options?: WriteOptions): Promise<void> {
    try {
      checkData('writeAll', data);
    } catch (error) {
      return this.#core.budget.fail(error);
    }
    return this.#core.writing.writeAll(data, options);
  }

  writev(pieces: readonly WriteData[], options?: WriteOptions): Promise<void> {
    try {
      if (!Array.isArray(pieces)) {
        throw invalidInput('writev', 'pieces', 'an array of Uint8Arrays and strings', pieces);
      }
      for (const piece of pieces as readonly WriteData[]) checkData('writev', piece, 'piece');
    } catch (error) {
      return this.#core.budget.fail(error);
    }
    return this.#core.writing.writev(pieces, options);
  }

  flush(options?: WaitOptions): Promise<void> {
    return this.#core.writing.flush(options);
  }

  /**
   * Whether memory that was given away with `transfer` may be used again: all of it was passed on, and nothing refers
   * to it any more.
   *
   * Always `false` on carriers that pass on the memory itself, such as memory pairs and Node streams.
   */
  get isReleased(): boolean {
    return this.#core.transport.isReleased === true;
  }

  // --- The end -------------------------------------------------------------------------------------------------

  shutdown(how: 'read' | 'write' | 'both', options?: WaitOptions): Promise<void> {
    try {
      checkShutdown(how, options);
    } catch (error) {
      return this.#core.budget.fail(error);
    }
    if (how !== 'write') this.#core.shutdownRead();
    return how === 'read' ? this.#core.budget.pay(undefined) : this.#core.shutdownWrite(options);
  }

  reset(reason?: unknown): void {
    this.#core.abort(reason === undefined ? 'reset' : 'aborted', reason);
  }

  close(options?: CloseOptions): Promise<void> {
    try {
      if (options !== undefined) checkOptions('close', options, CLOSE_OPTIONS);
    } catch (error) {
      return this.#core.budget.fail(error);
    }
    return this.#core.close(options?.linger ?? DEFAULT_LINGER);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get closed(): Promise<StreamEnd> {
    return this.#core.closed;
  }

  get isClosed(): boolean {
    return this.#core.isClosed;
  }

  // --- Conversions and statistics -------------------------------------------------------------------------------

  /**
   * Splits the stream into a reader and a writer for two tasks, as tokio's `into_split`.
   *
   * @returns The halves; `reader.reunite(writer)` returns the stream.
   */
  split(): [reader: ReadHalf<this>, writer: WriteHalf<this>] {
    return [new ReadHalf(this), new WriteHalf(this)];
  }

  /**
   * Makes a stream from any Node `Duplex`: a socket, a TLS or SSH channel, a child process's pipe, a compressor.
   *
   * @param duplex - Read and written by the result from now on. Its `allowHalfOpen` is set, since a peer that has
   * finished may still read. It must carry bytes, and emit `'close'` as Node streams do by default.
   * @returns A stream whose failures are this package's errors, with Node's as their `cause`. A Node stream that other
   * code destroys breaks it: `BrokenError` with the code `ERR_STREAM_PREMATURE_CLOSE`.
   * @throws `InvalidInputError` when `duplex` is not a duplex stream of bytes.
   *
   * @example
   * ```ts
   * import { PassThrough } from 'node:stream';
   * import { ByteStream } from '@awaitio/core';
   *
   * const stream = ByteStream.fromNode(new PassThrough());
   * await stream.writeAll('there and back\n');
   * console.log(await stream.readLine()); // there and back
   * await stream.close();
   * ```
   */
  static fromNode(duplex: Duplex, options?: StreamOptions): ByteStream {
    // Before the Node stream is taken over.
    if (options !== undefined) checkOptions('fromNode', options, STREAM_OPTIONS);
    return new ByteStream(nodeTransport(duplex), options);
  }

  /**
   * Makes a Node `Duplex` for libraries that want one; it reads and writes this stream from now on.
   *
   * Back-pressure passes through both ways; Node reads ahead up to its own high-water mark. `end()` sends FIN and
   * reading goes on. A failure is emitted as `'error'` and `'close'`; an `'error'` listener is present from the start,
   * so that a failure without one does not end the process. `destroy(error)` resets the connection, and so
   * does `destroy()` while what was written is not all accepted; else `destroy()` closes it without waiting for unsent bytes. What else
   * libraries use of a `net.Socket` is there: `setTimeout`, which emits `'timeout'` on the clock of this stream, `setNoDelay` and
   * `setKeepAlive` (elsewhere than on TCP they do nothing), `ref`, `unref`, `destroySoon`, addresses, counts of bytes, `encrypted`.
   *
   * After the peer's FIN it ends by itself, as sockets of `net.connect` do: clients of databases and agents wait for that.
   *
   * @param options - `allowHalfOpen`: whether it may answer after the peer's FIN, as servers of `node:http` do (default: `false`).
   * @throws `InvalidInputError` for a wrong option.
   *
   * @example
   * ```ts
   * import { pipeline } from 'node:stream/promises';
   * import { createGzip, gunzipSync } from 'node:zlib';
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * const zipping = pipeline(['to be ', 'sent small'], createGzip(), client.toNode());
   * const chunks: Uint8Array[] = [];
   * for await (const chunk of server) chunks.push(chunk);
   * console.log(gunzipSync(Buffer.concat(chunks)).toString()); // to be sent small
   * await server.close();
   * await zipping;
   * ```
   */
  toNode(options?: ToNodeOptions): SocketDuplex {
    if (options !== undefined) checkOptions('toNode', options, TO_NODE_OPTIONS);
    return nodeDuplex(this, this.#core.clock, options);
  }

  /**
   * Makes a pair of Web streams; they read and write this stream from now on.
   *
   * Nothing is read ahead, so releasing a reader loses nothing. Closing `writable` sends FIN and reading goes on;
   * aborting it resets the connection; cancelling `readable` ends reading only. When both are done the connection is
   * closed.
   *
   * @example
   * ```ts
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * const { readable, writable } = server.toWeb();
   * const echo = readable.pipeTo(writable);
   * await client.writeAll('hello');
   * await client.shutdown('write');
   * console.log(await client.readLine()); // hello
   * await echo;
   * await client.close();
   * ```
   */
  toWeb(): WebStreams {
    return webStreams(this);
  }

  /** Lets the process end while this stream is open, as `socket.unref()`. */
  unref(): void {
    this.#core.transport.setRef(false);
  }

  /** Keeps the process alive while this stream is open, which is the default. */
  ref(): void {
    this.#core.transport.setRef(true);
  }

  /** A frozen snapshot: byte counts, buffered and unsent bytes, pending waits and their ages. */
  statistics(): StreamStatistics {
    return this.#core.statistics();
  }

  observe(observer: SourceObserver): void {
    this.#core.observe(observer);
  }

  unobserve(observer: SourceObserver): void {
    this.#core.unobserve(observer);
  }
}
