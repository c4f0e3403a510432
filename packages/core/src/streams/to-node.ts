/**
 * A stream of Node over a `DuplexStream`: what `stream.toNode()` gives.
 *
 * It keeps the promises that Node's own sockets keep (back-pressure both ways, `end()` is a FIN and reading goes on, an
 * error comes as `'error'` and then `'close'`) and one more: it may be dropped. A listener for `'error'` is there from the
 * start, so that a peer's reset does not end a process in which nobody listened; `pipeline`, `finished` and `for await`
 * hear of it all the same.
 *
 * Breaking off is told to the peer: `destroy(error)` resets the connection, so that what was sent so far is not taken for
 * all there was.
 */

import { Duplex } from 'node:stream';
import { ClosedError } from '../vocabulary/errors.ts';
import type { DuplexStream, StreamEnd } from './duplex-stream.ts';

type Done = (error?: Error | null) => void;

const ignore = (): void => {};

/** Makes the Node stream that reads and writes `stream` from now on. */
export function nodeDuplex(stream: DuplexStream): Duplex {
  return new StreamDuplex(stream);
}

class StreamDuplex extends Duplex {
  readonly #stream: DuplexStream;
  /** Whether the end of reading was passed on, so that no read will hear of a failure. */
  #hasEnded = false;

  constructor(stream: DuplexStream) {
    super({ allowHalfOpen: true, decodeStrings: false });
    this.#stream = stream;
    this.on('error', ignore);
    settle(stream.closed, this.#onGone, ignore);
  }

  override _read(): void {
    settle(
      this.#stream.readChunk(),
      (chunk) => {
        if (chunk === null) this.#hasEnded = true;
        this.push(chunk);
      },
      this.#fail,
    );
  }

  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, done: Done): void {
    // The bytes of a string are nobody else's; a buffer is the writer's again as soon as `done` was called.
    const transfer = typeof chunk === 'string';
    const bytes = transfer ? Buffer.from(chunk, encoding) : chunk;
    settle(this.#stream.writeAll(bytes, { transfer }), () => done(), done);
  }

  override _writev(
    chunks: { chunk: Uint8Array | string; encoding: BufferEncoding }[],
    done: Done,
  ): void {
    const pieces = chunks.map(({ chunk, encoding }) =>
      typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk,
    );
    settle(this.#stream.writev(pieces), () => done(), done);
  }

  override _final(done: Done): void {
    settle(this.#stream.shutdown('write'), () => done(), done);
  }

  override _destroy(error: Error | null, done: Done): void {
    const stream = this.#stream;
    if (error === null) {
      // Node's `destroy` waits for nothing; after `end` there is nothing left to wait for.
      settle(stream.close({ linger: 0 }), () => done(), done);
    } else if (error instanceof ClosedError) {
      settle(stream.close(), () => done(error), done);
    } else {
      stream.reset(error);
      settle(stream.closed, () => done(error), done);
    }
  }

  readonly #fail = (error: Error): void => {
    this.destroy(error);
  };

  readonly #onGone = ({ error }: StreamEnd): void => {
    // A read or write that waits tells of it, a read after the bytes that came; here nobody is left to.
    if (this.#hasEnded && !this.writableEnded) this.destroy(error as Error | undefined);
  };
}

/**
 * Goes on outside of the promise: an error that a listener throws is then the process's, as with every other stream, and
 * not an unhandled rejection.
 */
function settle<T>(
  promise: Promise<T>,
  fulfilled: (value: T) => void,
  rejected: (error: Error) => void,
): void {
  promise.then(
    (value) => queueMicrotask(() => fulfilled(value)),
    (error: Error) => queueMicrotask(() => rejected(error)),
  );
}
