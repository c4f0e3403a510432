/**
 * Carries TLS over any stream: a `Duplex` whose bytes are those of a `ByteStream`.
 *
 * Here it is known which came first, TLS's goodbye or the end of the bytes below; and breaking off is left to the stream
 * below, which knows how.
 *
 * Node's adapter between TLS and a `Duplex` (`JSStreamSocket`) asserts that nothing is written while it shuts down, and
 * ends the process otherwise. TLS writes by itself when bytes arrive (an alert, an answer to a key update), so no byte may
 * arrive in that time. Two rules keep that: bytes are passed up only at the start of a turn of the loop, and `end` calls
 * back at once, within the turn that it was called in.
 *
 * Bytes that TLS wrote count as written when the stream below has passed them on: so what is unsent is known above.
 */

import { Duplex } from 'node:stream';
import type { ByteStream } from '../../streams/byte-stream.ts';

type Callback = (error?: Error | null) => void;

export class TlsDuplex extends Duplex {
  readonly #stream: ByteStream;
  #above: Duplex | undefined;
  #isReading = false;
  #hasEnded = false;
  /** Whether TLS found the end of its stream only when the bytes below had ended. */
  isTruncated = false;

  constructor(stream: ByteStream) {
    // TLS says when it is over: a link that went with its last byte would take with it what TLS has not handed out yet.
    super({ allowHalfOpen: true, autoDestroy: false });
    this.#stream = stream;
    // The first listener: when TLS hears of the end, this is set.
    this.once('end', () => {
      this.#hasEnded = true;
    });
  }

  /**
   * Gets to know the TLS socket above.
   *
   * @param requireCloseNotify - Whether to find out which end comes first: TLS pushes the end of its stream in the moment that
   * it finds it.
   */
  carry(socket: Duplex, requireCloseNotify: boolean): void {
    this.#above = socket;
    if (!requireCloseNotify) return;
    const push = socket.push.bind(socket);
    socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      if (chunk === null && this.#hasEnded) this.isTruncated = true;
      return push(chunk, encoding);
    };
  }

  /** Breaks the stream below off, so that the peer notices. */
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
    const pass = (chunk: Uint8Array | null, error?: Error): void => {
      setImmediate(() => {
        this.#isReading = false;
        if (error === undefined) this.push(chunk);
        else this.destroy(error);
      });
    };
    this.#stream.readChunk().then(pass, (error: Error) => {
      pass(null, error);
    });
  }

  /** Whether both sides have said everything: a goodbye that the peer does not wait for is no failure. */
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
    settle(this.#passOn(this.#stream.writeAll(chunk, { transfer: true })), done);
  }

  override _writev(chunks: readonly { chunk: Uint8Array }[], done: Callback): void {
    const pieces = chunks.map(({ chunk }) => chunk);
    settle(this.#passOn(this.#stream.writev(pieces, { transfer: true })), done);
  }

  override _final(done: Callback): void {
    settle(this.#unlessOver(this.#stream.shutdown('write')), done);
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

  async #passOn(writing: Promise<void>): Promise<void> {
    await this.#unlessOver(writing);
    await this.#unlessOver(this.#stream.flush());
  }

  async #unlessOver(doing: Promise<void>): Promise<void> {
    try {
      await doing;
    } catch (error) {
      if (!this.#isOver) throw error;
    }
  }
}

/** Calls back outside of the promise: an error that a listener throws is then the process's, as with every stream. */
function settle(promise: Promise<void>, settled: Callback): void {
  promise.then(
    () => {
      queueMicrotask(settled);
    },
    (error: Error) => {
      queueMicrotask(() => {
        settled(error);
      });
    },
  );
}
