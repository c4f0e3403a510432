/**
 * Carries TLS over any stream: a Node `Duplex` over the bytes of a `ByteStream`.
 *
 * Here it is known which came first, `close_notify` or the EOF below; and a reset is left to the stream below.
 *
 * Node's adapter between TLS and a `Duplex` (`JSStreamSocket`) asserts that nothing is written while it shuts down, and
 * otherwise aborts the process. TLS writes unprompted when bytes arrive (an alert, the answer to a key update), so no byte may
 * arrive in that time. Two rules ensure this: bytes are pushed only at the start of an iteration of the loop, and `end` calls
 * back at once, within the iteration in which it was called.
 *
 * Bytes of TLS count as written when the stream below has sent them: so the stream above knows what is unsent.
 *
 * Bytes come before bad news: when the stream below breaks, what it had received is still passed to TLS, also while the
 * stream above has no room, and only then is TLS notified.
 */

import { outsideScopes } from '../../waiting/ambient.ts';
import { Duplex } from 'node:stream';
import { immediate, microtask } from '../../vocabulary/platform.ts';
import type { ByteStream } from '../../streams/byte-stream.ts';
import { BrokenError } from '../../vocabulary/errors.ts';

type Callback = (error?: Error | null) => void;

/** Iterations of the loop without a byte passed on, after which TLS will take no more. */
const MAX_IDLE_TURNS = 16;

export class TlsDuplex extends Duplex {
  readonly #stream: ByteStream;
  #above: Duplex | undefined;
  #isReading = false;
  #hasEnded = false;
  /** Whether reading below has failed, after everything that it had received. */
  #hasFailed = false;
  /** Whether EOF below came before `close_notify`. */
  isTruncated = false;

  constructor(stream: ByteStream) {
    // TLS decides when to destroy this: one that was destroyed at its last byte would lose what TLS has not delivered yet.
    super({ allowHalfOpen: true, autoDestroy: false });
    this.#stream = stream;
    // The first listener, so that this is set before TLS is notified.
    this.once('end', () => {
      this.#hasEnded = true;
    });
  }

  /**
   * Attaches the TLS socket above.
   *
   * @param requireCloseNotify - Whether to detect which end comes first: TLS pushes `null` as soon as it finds the end of its
   * stream.
   */
  attach(socket: Duplex, requireCloseNotify: boolean): void {
    this.#above = socket;
    if (!requireCloseNotify) return;
    const push = socket.push.bind(socket);
    const watched = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      if (chunk === null && this.#hasEnded) this.isTruncated = true;
      return push(chunk, encoding);
    };
    socket.push = watched;
  }

  /** Resets the stream below, so that the peer notices. */
  reset(): void {
    this.#stream.reset();
    this.destroy();
  }

  /** Whether the stream below keeps the process alive. */
  setRef(ref: boolean): void {
    if (ref) this.#stream.ref();
    else this.#stream.unref();
  }

  override _read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    const pushLater = (chunk: Uint8Array | null, error?: Error): void => {
      immediate(() => {
        this.#isReading = false;
        if (error === undefined) {
          this.push(chunk);
          return;
        }
        this.#hasFailed = true;
        this.#passOn(() => {
          this.destroy(error);
        });
      });
    };
    this.#stream.readChunk().then(pushLater, (error: Error) => {
      pushLater(null, error);
    });
  }

  /** Whether both directions have ended: failing to send `close_notify` to a peer that has left is then not an error. */
  get #isOver(): boolean {
    const above = this.#above;
    return (
      above !== undefined &&
      above.readableEnded &&
      above.writableEnded &&
      above.writableLength === 0
    );
  }

  override _write(chunk: Uint8Array, _encoding: string, done: Callback): void {
    settle(
      this.#send(() => this.#stream.writeAll(chunk, { transfer: true })),
      done,
    );
  }

  override _writev(chunks: readonly { chunk: Uint8Array }[], done: Callback): void {
    const pieces = chunks.map(({ chunk }) => chunk);
    settle(
      this.#send(() => this.#stream.writev(pieces, { transfer: true })),
      done,
    );
  }

  override _final(done: Callback): void {
    settle(
      this.#unlessOver(() => this.#stream.shutdown('write')),
      done,
    );
  }

  override _destroy(error: Error | null, done: Callback): void {
    settle(this.#stream.close(), (failure) => {
      done(failure ?? error);
    });
  }

  override end(...values: unknown[]): this {
    const callback = values.find((value) => typeof value === 'function') as Callback | undefined;
    super.end();
    callback?.();
    return this;
  }

  async #send(writing: () => Promise<void>): Promise<void> {
    try {
      await this.#unlessOver(writing);
      await this.#unlessOver(() => this.#stream.flush());
    } catch (error) {
      if (error instanceof BrokenError) {
        await new Promise<void>((resolve) => {
          this.#passOn(resolve);
        });
      }
      throw error;
    }
  }

  /** Passes to TLS what has arrived, whether it asks for it or not, and calls back. */
  #passOn(passed: () => void, idleTurns = 0): void {
    const before = this.readableLength;
    const isOver = before === 0 && (this.#hasFailed || this.#hasEnded);
    if (isOver || this.destroyed || idleTurns === MAX_IDLE_TURNS) {
      passed();
      return;
    }
    this.resume();
    immediate(() => {
      const isIdle = this.readableLength === before;
      this.#passOn(passed, isIdle ? idleTurns + 1 : 0);
    });
  }

  /** The session belongs to no scope, not even to the one in which its caller writes. */
  async #unlessOver(doing: () => Promise<void>): Promise<void> {
    try {
      await outsideScopes(doing);
    } catch (error) {
      if (!this.#isOver) throw error;
    }
  }
}

/** Calls back outside of the promise: what a listener throws is then an uncaught exception, as with every Node stream. */
function settle(promise: Promise<void>, settled: Callback): void {
  promise.then(
    () => {
      microtask(settled);
    },
    (error: Error) => {
      microtask(() => {
        settled(error);
      });
    },
  );
}
