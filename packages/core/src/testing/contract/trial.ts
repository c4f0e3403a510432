/**
 * The tools of a check: fresh pairs, waits with a time limit, and bytes whose position is known.
 *
 * A contract says that something happens, or that it does not. The first is a wait bounded by `patience`: a promise that
 * settles later counts as one that never settles. The second cannot be waited for, so a check gives the carrier `quiet`
 * milliseconds to violate it. Both use the clock of the streams, so that a check takes no time in virtual time.
 */

import type { ByteStream } from '../../streams/byte-stream.ts';
import type { Clock, Timer } from '../../vocabulary/clock.ts';
import { isBytes, isError } from '../../vocabulary/realms.ts';
import { WOULD_BLOCK } from '../../vocabulary/would-block.ts';

/** Two ends of one connection. */
export type StreamPair = readonly [a: ByteStream, b: ByteStream];

/** Makes a new connected pair. */
export type MakeStreamPair = () => StreamPair | Promise<StreamPair>;

/** Properties of the carrier, and time limits. */
export interface TrialOptions {
  readonly clock: Clock;
  readonly patience: number;
  readonly quiet: number;
  readonly volume: number;
  readonly hasReset: boolean;
}

/** The error that is expected. */
export interface ExpectedError {
  readonly type: abstract new (...args: never[]) => Error;
  readonly code?: string;
  readonly operation?: string;
}

/** A prime, so that bytes shifted by a power of two differ. */
const PERIOD = 65_521;
const SLICE = 16_384;
const TABLE = Uint8Array.from({ length: PERIOD + SLICE }, (_, at) => {
  const place = at % PERIOD;
  return (place ^ (place >> 8) ^ (place * 7)) & 0xff;
});

/** How often a carrier must refuse bytes, `quiet` milliseconds apart, to count as full. */
const REFUSALS = 4;

/** One run of one check. */
export class Trial {
  readonly clock: Clock;
  /** Milliseconds in which an idle carrier has moved every byte that it can. */
  readonly quiet: number;
  readonly volume: number;
  readonly hasReset: boolean;
  /** Milliseconds after which an expected event counts as missing. */
  readonly patience: number;
  readonly #makePair: MakeStreamPair;
  readonly #isExchanged: boolean;
  readonly #streams: ByteStream[] = [];
  /** The last background write of each stream. */
  readonly #feeds = new Map<ByteStream, Promise<void>>();

  constructor(makePair: MakeStreamPair, options: TrialOptions, isExchanged: boolean) {
    this.clock = options.clock;
    this.quiet = options.quiet;
    this.volume = options.volume;
    this.hasReset = options.hasReset;
    this.patience = options.patience;
    this.#makePair = makePair;
    this.#isExchanged = isExchanged;
  }

  /** A connected pair of streams; the trial closes it. */
  async pair(): Promise<StreamPair> {
    const [a, b] = await this.settle(Promise.resolve(this.#makePair()), 'making a pair');
    this.#streams.push(a, b);
    return this.#isExchanged ? [b, a] : [a, b];
  }

  // --- Waiting -------------------------------------------------------------------------------------------------

  /** Marks a promise whose rejection is checked later, or does not matter. */
  start<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {});
    return promise;
  }

  /** The result of a promise that must settle. */
  async settle<T>(promise: Promise<T>, what: string): Promise<T> {
    let timer: Timer | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = this.clock.setTimer(() => {
        reject(new Error(`${what}: still pending after ${this.patience} ms`));
      }, this.patience);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      timer?.cancel();
    }
  }

  /** The reason of a promise that must be rejected. */
  async rejection(promise: Promise<unknown>, what: string): Promise<unknown> {
    let value: unknown;
    try {
      value = await this.settle(promise, what);
    } catch (error) {
      return error;
    }
    throw new Error(`${what}: expected a rejection, got ${show(value)}`);
  }

  /** Expects a promise to be rejected with a certain error. */
  async rejects(promise: Promise<unknown>, what: string, expected: ExpectedError): Promise<void> {
    this.isError(await this.rejection(promise, what), what, expected);
  }

  /** Expects a call to throw a certain error. */
  throws(call: () => unknown, what: string, expected: ExpectedError): void {
    let value: unknown;
    try {
      value = call();
    } catch (error) {
      this.isError(error, what, expected);
      return;
    }
    throw new Error(`${what}: expected ${expected.type.name} to be thrown, got ${show(value)}`);
  }

  /** Expects a promise to stay pending for as long as the carrier stays quiet. */
  async pending(promise: Promise<unknown>, what: string): Promise<void> {
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    promise.then(note, note);
    await this.clock.sleep(this.quiet);
    if (isSettled) throw new Error(`${what}: expected it to wait, and it settled`);
  }

  /** Polls for a condition that no call reports. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const deadline = this.clock.now() + this.patience;
    while (!condition()) {
      if (this.clock.now() > deadline) throw new Error(`${what}: not within ${this.patience} ms`);
      await this.clock.sleep(1);
    }
  }

  // --- Expecting -----------------------------------------------------------------------------------------------

  ok(condition: boolean, what: string): void {
    if (!condition) throw new Error(what);
  }

  /** Compares plain values, arrays and bytes. */
  equal(actual: unknown, expected: unknown, what: string): void {
    if (isSame(actual, expected)) return;
    throw new Error(`${what}: expected ${show(expected)}, got ${show(actual)}`);
  }

  isError(error: unknown, what: string, { type, code, operation }: ExpectedError): void {
    const wanted = [type.name, code, operation && `of ${operation}`].filter(Boolean).join(' ');
    const { code: gotCode, operation: gotOperation } = (error ?? {}) as Record<string, unknown>;
    const isRight =
      error instanceof type &&
      (code === undefined || code === gotCode) &&
      (operation === undefined || operation === gotOperation);
    if (isRight) return;
    const got = isError(error) ? `${error.name} ${show(gotCode)}` : show(error);
    const place = gotOperation === undefined ? '' : ` of ${show(gotOperation)}`;
    throw new Error(`${what}: expected ${wanted}, got ${got}${place}`, { cause: error });
  }

  // --- Bytes ---------------------------------------------------------------------------------------------------

  /** Writes in the background, after earlier feeds, as slowly as the other end reads; it must not fail. */
  feed(stream: ByteStream, data: Uint8Array | string): void {
    const before = this.#feeds.get(stream) ?? Promise.resolve();
    this.#feeds.set(stream, this.start(before.then(() => stream.writeAll(data))));
  }

  /** Waits until everything fed was accepted, and finishes writing. */
  async endFeed(stream: ByteStream): Promise<void> {
    await this.settle(this.#feeds.get(stream) ?? Promise.resolve(), 'writing what is read');
    await this.settle(stream.shutdown('write'), "shutdown('write')");
  }

  /** Reads as many bytes as `text` has, and expects those. */
  async takes(stream: ByteStream, text: string, what: string): Promise<void> {
    const bytes = await this.settle(stream.readExactly(text.length), what);
    this.equal(textOf(bytes), text, what);
  }

  /** Expects the end of the stream. */
  async ends(stream: ByteStream, what: string): Promise<void> {
    this.equal(await this.settle(stream.readChunk(), what), null, what);
  }

  /** Writes until the carrier takes no more; returns how many bytes of the pattern it took. */
  async fill(stream: ByteStream): Promise<number> {
    let accepted = 0;
    for (let refusals = 0; refusals < REFUSALS;) {
      const count = stream.tryWrite(pattern(accepted, SLICE));
      if (count === WOULD_BLOCK) {
        if (!(await this.hasRoom(stream))) refusals += 1;
      } else {
        refusals = 0;
        accepted += count;
      }
    }
    return accepted;
  }

  /** Whether the carrier has room, now or within `quiet` milliseconds. */
  hasRoom(stream: ByteStream): Promise<boolean> {
    const room = stream.writable({ timeout: this.quiet }).then(
      () => true,
      () => false,
    );
    return this.settle(room, 'writable({ timeout })');
  }

  /** Reads the bytes of the pattern between two positions, and compares each. */
  async drain(stream: ByteStream, from: number, to: number): Promise<void> {
    for (let at = from; at < to;) {
      const want = Math.min(to - at, SLICE);
      const got = await this.settle(stream.readExactly(want), `reading byte ${at} of ${to}`);
      this.matches(got, at);
      at += want;
    }
  }

  /** Expects bytes to be those of the pattern from a position on. */
  matches(bytes: Uint8Array, from: number): void {
    for (let at = 0; at < bytes.length; at += SLICE) {
      const piece = bytes.subarray(at, at + SLICE);
      if (isSame(piece, pattern(from + at, piece.length))) continue;
      const end = from + at + piece.length;
      throw new Error(`bytes ${from + at} to ${end} are not those that were written`);
    }
  }

  // --- The end -------------------------------------------------------------------------------------------------

  /** Ends the trial: all feeds were read, both ends can be closed, and no wait is pending. */
  async finish(): Promise<void> {
    for (const feed of this.#feeds.values()) await this.settle(feed, 'writing what was read');
    this.release();
    for (const stream of this.#streams) {
      await this.settle(stream.closed, '`closed`, after reset()');
      const { waits } = stream.statistics();
      this.equal(
        waits.map(({ operation }) => operation),
        [],
        'waits left after the end',
      );
    }
  }

  /** Resets every pair. */
  release(): void {
    for (const stream of this.#streams) stream.reset();
  }
}

/** Bytes that depend on their position. @param length - At most 16384. */
export function pattern(offset: number, length: number): Uint8Array {
  const start = offset % PERIOD;
  return TABLE.subarray(start, start + length);
}

/** Bytes from ASCII text. */
export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

/** Text from bytes; `null` stays `null`. */
export const textOf = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString('latin1');

function isSame(actual: unknown, expected: unknown): boolean {
  if (Object.is(actual, expected)) return true;
  if (isBytes(actual) && isBytes(expected)) {
    return Buffer.compare(actual, expected) === 0;
  }
  if (!Array.isArray(actual) || !Array.isArray(expected)) return false;
  return (
    actual.length === expected.length && actual.every((item, at) => isSame(item, expected[at]))
  );
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  if (isBytes(value)) return `${value.length} bytes`;
  if (isError(value)) return `${value.name}: ${value.message}`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  return String(value);
}
