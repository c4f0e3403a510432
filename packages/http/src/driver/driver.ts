/**
 * Joins a sans-IO connection to a stream: the driver does all the waiting, the connection all the parsing.
 *
 * Reading copies nothing: received bytes are parsed in the read buffer, which the stream lends for one call. Writing is
 * gathered: output produced while events are still queued (a batch of pipelined requests) is joined into one string and
 * one write, before the next wait. A slow handler must not hold back the responses before its own, so a caller about to
 * wait for anything else calls `flushSoon()` first.
 */

import type { ByteStream, Clock, ByteConsumer } from '@awaitio/core';
import { WOULD_BLOCK } from '@awaitio/core';
import { outsideScopes, tryWriteLatin1 } from '@awaitio/core/lowlevel';
import type { HttpConnection } from '../protocol/connection.ts';
import { ReceivedTail, refusedBytes, type RefusedBytes } from '../observing/refused-bytes.ts';
import { latin1, latin1Bytes } from '../protocol/vocabulary/latin1.ts';

/** Gathered text above this length is written at once: larger writes are no cheaper per byte. */
const GATHER_LIMIT = 32_768;
/** Shorter byte arrays are gathered as text; longer ones are written directly. */
const INLINE_LIMIT = 16_384;

export class Driver implements ByteConsumer {
  readonly stream: ByteStream;
  readonly connection: HttpConnection;
  readonly clock: Clock;
  /** Latin1 text that is not yet written. */
  #gathered = '';
  #isFlushPending = false;
  /** A write in progress that found no room; the queue follows it, and then the gathered text. */
  #blocked: Promise<void> | undefined;
  #queue: (Uint8Array | string)[] | undefined;
  /** How many bytes the connection has received. */
  bytesIn = 0;
  #received: ReceivedTail | undefined;

  constructor(stream: ByteStream, connection: HttpConnection, clock: Clock) {
    this.stream = stream;
    this.connection = connection;
    this.clock = clock;
  }

  /** Bytes gathered and not yet passed to the stream. */
  get gathered(): number {
    return this.#gathered.length;
  }

  /** Whether a write waits for room. */
  get isBlocked(): boolean {
    return this.#blocked !== undefined;
  }

  /** Flushes, then waits for bytes or EOF and passes them to the connection. */
  async fill(): Promise<void> {
    const blocked = this.flush();
    if (blocked !== undefined) await blocked;
    if ((await this.read()) === null) this.connection.receiveEnd();
  }

  /**
   * Waits for bytes and passes them to the connection, while another task may be writing.
   *
   * @returns How many bytes the connection consumed; `null` at EOF, and the caller then calls `receiveEnd()`. An async
   * method that did so would cost every request one more microtask.
   */
  read(): Promise<number | null> {
    return this.stream.readWith(this);
  }

  /** Passes bytes of the read buffer to the connection; returns how many it consumed. */
  take(view: Uint8Array): number {
    const count = this.connection.receive(view);
    this.bytesIn += count;
    if (refusedBytes.most > 0) this.#keep(view, count);
    return count;
  }

  #keep(view: Uint8Array, count: number): void {
    this.#received ??= new ReceivedTail();
    this.#received.add(view, count, this.connection.failedAt, refusedBytes.most);
  }

  /** What was received around a fault of the peer, if someone has asked for it. */
  get refused(): RefusedBytes | undefined {
    return this.#received?.refused;
  }

  /** Gathers latin1 text for the next write. */
  write(text: string): void {
    this.#gathered = this.#gathered === '' ? text : this.#gathered + text;
  }

  /**
   * Writes bytes after the gathered text. The caller must not change them afterwards.
   *
   * @returns A promise when the stream has no room and the caller must wait.
   */
  writeBytes(bytes: Uint8Array): Promise<void> | undefined {
    if (bytes.length < INLINE_LIMIT) {
      this.write(latin1(bytes));
      return this.#gathered.length < GATHER_LIMIT ? undefined : this.flush();
    }
    const blocked = this.flush();
    if (blocked === undefined) return this.#writeOut(bytes);
    // Keeps the order: the text gathered so far, these bytes, the text gathered after this call.
    this.#queue ??= [];
    if (this.#gathered !== '') this.#queue.push(this.#takeGathered());
    this.#queue.push(bytes);
    return blocked;
  }

  /** Writes the gathered text. @returns A promise when the stream has no room for all of it. */
  flush(): Promise<void> | undefined {
    if (this.#blocked !== undefined) return this.#blocked;
    return this.#gathered === '' ? undefined : this.#writeOut(this.#takeGathered());
  }

  /** Flushes after the callbacks that are ready now have run, unless a flush happens before. */
  flushSoon(): void {
    if (this.#isFlushPending || this.#gathered === '') return;
    this.#isFlushPending = true;
    this.clock.defer(() => {
      this.#isFlushPending = false;
      // If the stream broke meanwhile, the owner's next read or write fails.
      try {
        void this.flush();
      } catch {
        // The connection is lost anyway.
      }
    });
  }

  #writeOut(data: Uint8Array | string): Promise<void> | undefined {
    const accepted =
      typeof data === 'string'
        ? tryWriteLatin1(this.stream, data)
        : this.stream.tryWrite(data, TRANSFER);
    if (accepted === data.length) return undefined;
    const start = accepted === WOULD_BLOCK ? 0 : accepted;
    const remaining = bytesOf(data).subarray(start);
    // Later writes follow this one: it must not end with the scope of the request that happens to be first.
    const blocked = outsideScopes(() => this.#writeBlocked(remaining));
    this.#blocked = blocked;
    // A caller that needs the room awaits it; otherwise the failure shows in the next read or write.
    blocked.catch(() => {});
    return blocked;
  }

  async #writeBlocked(remaining: Uint8Array): Promise<void> {
    try {
      await this.stream.writeAll(remaining, TRANSFER);
      for (;;) {
        const next = this.#queue?.shift() ?? this.#takeGathered();
        if (next === '') break;
        await this.stream.writeAll(bytesOf(next), TRANSFER);
      }
    } finally {
      this.#blocked = undefined;
    }
  }

  /** Empties the gathered text and returns it. */
  #takeGathered(): string {
    const text = this.#gathered;
    this.#gathered = '';
    return text;
  }
}

const TRANSFER = Object.freeze({ transfer: true });

/** The bytes of latin1 text, or the given ones. */
function bytesOf(data: Uint8Array | string): Uint8Array {
  return typeof data === 'string' ? latin1Bytes(data) : data;
}
