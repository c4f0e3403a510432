/**
 * Web streams over a `DuplexStream`: what `stream.toWeb()` returns.
 *
 * The readable side buffers nothing (its high-water mark is 0): a byte leaves the stream only when a reader asks for
 * it, into the reader's buffer if it gave one, so releasing a reader loses nothing. The writable side takes one chunk
 * at a time, and `writer.ready` waits for the peer. Cancelling the readable side ends reading only, closing the
 * writable side sends FIN, aborting it resets the connection; when both sides are done the connection is closed. The
 * platform calls them when it likes, so their waits belong to no scope.
 *
 * The classes are the global ones, which Node loads on first use.
 */

import type {
  ReadableByteStreamController,
  WritableStreamDefaultController,
} from 'node:stream/web';
import { outsideScopes } from '../waiting/ambient.ts';
import { ClosedError, invalidInput } from '../vocabulary/errors.ts';
import { isArrayBuffer, isBytes } from '../vocabulary/realms.ts';
import type { DuplexStream } from './duplex-stream.ts';

/** The `signal` that Node's types lack. */
type Controller = WritableStreamDefaultController & { readonly signal: AbortSignal };

/** A connection as a pair of Web streams, as `Deno.Conn` and the socket APIs of the Web have it. */
export interface WebStreams {
  /** A byte stream: `getReader({ mode: 'byob' })` works too. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Takes `Uint8Array`s, other views and `ArrayBuffer`s. */
  readonly writable: WritableStream<Uint8Array>;
}

/** Makes the pair that reads and writes `stream` from now on. */
export function webStreams(stream: DuplexStream): WebStreams {
  let isHalfDone = false;
  /** One side is done; the second one closes the connection. */
  const done = async (): Promise<void> => {
    if (isHalfDone) await stream.close();
    isHalfDone = true;
  };
  return { readable: readableOf(stream, done), writable: writableOf(stream, done) };
}

function readableOf(stream: DuplexStream, done: () => Promise<void>): ReadableStream<Uint8Array> {
  let isCancelled = false;
  const end = async (controller: ReadableByteStreamController): Promise<void> => {
    if (isCancelled) return;
    controller.close();
    // A reader that passed a buffer gets it back, empty.
    controller.byobRequest?.respond(0);
    await done();
  };
  const pull = async (controller: ReadableByteStreamController): Promise<void> => {
    const request = controller.byobRequest;
    if (request === null) {
      const chunk = await outsideScopes(() => stream.readChunk());
      if (chunk === null) await end(controller);
      else controller.enqueue(chunk);
      return;
    }
    const count = await outsideScopes(() => stream.read(bytesOf(request.view)));
    if (count === null) await end(controller);
    else request.respond(count);
  };
  const cancel = async (): Promise<void> => {
    isCancelled = true;
    await stream.shutdown('read');
    await done();
  };
  return new ReadableStream({ type: 'bytes', pull, cancel }, { highWaterMark: 0 });
}

function writableOf(stream: DuplexStream, done: () => Promise<void>): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    start: (controller) => {
      // A writer without a pending write learns of the end too.
      void stream.closed.then(({ error }) => controller.error(error ?? closedHere()));
    },
    write: (chunk, controller) =>
      outsideScopes(() =>
        stream.writeAll(bytesOf(chunk), { signal: (controller as Controller).signal }),
      ),
    close: async () => {
      await outsideScopes(() => stream.shutdown('write'));
      await done();
    },
    abort: (reason: unknown) => {
      stream.reset(reason);
    },
  });
}

function bytesOf(chunk: unknown): Uint8Array {
  if (isBytes(chunk)) return chunk;
  if (ArrayBuffer.isView(chunk)) {
    return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
  if (isArrayBuffer(chunk)) return new Uint8Array(chunk);
  throw invalidInput('write', 'chunk', 'a Uint8Array, another view or an ArrayBuffer', chunk);
}

function closedHere(): ClosedError {
  return new ClosedError('write: the connection was closed by this side', {
    code: 'ERR_STREAM_CLOSED',
    operation: 'write',
  });
}
