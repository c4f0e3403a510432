/**
 * The one place where a sans-IO connection and a stream meet: bytes in, events out, answers written.
 *
 * The driver waits; the connection understands. Reading is by lending: the bytes that come are parsed where they lie,
 * before anything is copied. Writing is gathered: what is produced while events are still at hand (a batch of pipelined
 * requests) goes out as one string in one write, before the next wait. A handler that takes its time must not hold back
 * the answers before its own, so whoever is about to wait for something else says `flushSoon()`.
 *
 * One deadline serves all phases: the owner says what it waits for and for how long, and is told when that has passed.
 */

import type { ByteStream, Clock, ByteConsumer } from '@awaitio/core';
import { WOULD_BLOCK } from '@awaitio/core';
import type { HttpConnection } from '../protocol/connection.ts';
import { latin1 } from '../protocol/vocabulary/latin1.ts';

/** Text gathered above this is written at once: one write of this size is as cheap per byte as any. */
const GATHER_LIMIT = 32_768;
/** Bytes shorter than this are gathered as text with what is around them; longer ones are written as they are. */
const INLINE_LIMIT = 16_384;

export class Driver implements ByteConsumer {
  readonly stream: ByteStream;
  readonly connection: HttpConnection;
  readonly #clock: Clock;
  /** Latin1 text that waits to be written. */
  #gathered = '';
  #isFlushPending = false;
  /** A write that found no room and goes on; what is queued, and then what is gathered, follows it. */
  #blocked: Promise<void> | undefined;
  #queue: (Uint8Array | string)[] | undefined;
  /** How many bytes the last read gave to the connection. */
  bytesIn = 0;

  constructor(stream: ByteStream, connection: HttpConnection, clock: Clock) {
    this.stream = stream;
    this.connection = connection;
    this.#clock = clock;
  }

  /** Bytes gathered and not yet given to the stream. */
  get gathered(): number {
    return this.#gathered.length;
  }

  /** Waits for bytes, or for the end of the stream, and gives them to the connection; writes what was gathered first. */
  async fill(): Promise<void> {
    const blocked = this.flush();
    if (blocked !== undefined) await blocked;
    if ((await this.read()) === null) this.connection.receiveEnd();
  }

  /**
   * Waits for bytes and gives them to the connection, while another task may be writing.
   *
   * @returns How many it took; `null` at the end of the stream, which the caller tells the connection: a promise of its
   * own for that would cost every request one more turn through the queue of reactions.
   */
  read(): Promise<number | null> {
    return this.stream.readWith(this);
  }

  /** Gives lent bytes to the connection; returns how many it took. */
  take(view: Uint8Array): number {
    const count = this.connection.receive(view);
    this.bytesIn += count;
    return count;
  }

  /** Gathers text (latin1) for the next write. */
  write(text: string): void {
    this.#gathered = this.#gathered === '' ? text : this.#gathered + text;
  }

  /**
   * Writes bytes in order after what was gathered. They belong to the driver from now on.
   *
   * @returns A promise when the stream has no room and the caller has to wait.
   */
  writeBytes(bytes: Uint8Array): Promise<void> | undefined {
    if (bytes.length < INLINE_LIMIT) {
      this.write(latin1(bytes));
      return this.#gathered.length < GATHER_LIMIT ? undefined : this.flush();
    }
    const blocked = this.flush();
    if (blocked === undefined) return this.#writeOut(bytes);
    // What is gathered after this call must not overtake the bytes, nor they what was gathered before it.
    this.#queue ??= [];
    if (this.#gathered !== '') this.#queue.push(this.#take());
    this.#queue.push(bytes);
    return blocked;
  }

  /** Gives what was gathered to the stream; a promise when there is no room for all of it. */
  flush(): Promise<void> | undefined {
    if (this.#blocked !== undefined) return this.#blocked;
    return this.#gathered === '' ? undefined : this.#writeOut(this.#take());
  }

  /** Flushes after the events that are ready now have had their turn, unless somebody flushes before. */
  flushSoon(): void {
    if (this.#isFlushPending || this.#gathered === '') return;
    this.#isFlushPending = true;
    this.#clock.defer(() => {
      this.#isFlushPending = false;
      // A stream that broke meanwhile says so in the owner's next read or write.
      try {
        void this.flush();
      } catch {
        // Nothing is lost: the connection is.
      }
    });
  }

  #writeOut(data: Uint8Array | string): Promise<void> | undefined {
    const accepted = this.stream.tryWrite(data, TRANSFER);
    if (accepted === data.length) return undefined;
    const start = accepted === WOULD_BLOCK ? 0 : accepted;
    const rest = typeof data === 'string' ? data.slice(start) : data.subarray(start);
    const blocked = this.#writeRest(rest);
    this.#blocked = blocked;
    // Whoever needs the room awaits it; if nobody does, the failure shows in the next read or write.
    blocked.catch(() => {});
    return blocked;
  }

  async #writeRest(rest: Uint8Array | string): Promise<void> {
    try {
      await this.stream.writeAll(rest, TRANSFER);
      for (;;) {
        const next = this.#queue?.shift() ?? this.#take();
        if (next === '') break;
        await this.stream.writeAll(next, TRANSFER);
      }
    } finally {
      this.#blocked = undefined;
    }
  }

  /** Takes what is gathered. */
  #take(): string {
    const text = this.#gathered;
    this.#gathered = '';
    return text;
  }
}

const TRANSFER = Object.freeze({ transfer: true });
