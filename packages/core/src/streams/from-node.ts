/**
 * The carrier over a Node stream: what `ByteStream.fromNode` puts under a `ByteStream`.
 *
 * Any `Duplex` will do: a socket, a TLS or SSH channel, a compressor, one end of a pair. All listeners that awaitio
 * adds to such a stream are in this file, and they are removed when it closes, except one: an `'error'` event without a
 * listener ends the process, and some streams emit errors after `'close'`.
 *
 * Bytes are pulled (`'readable'` and `read()`) and not pushed (`'data'`): pulling never begins inside a `write` call,
 * as a transform stream's `'data'` does, and without pulling Node's high-water mark stops the source. What a stream
 * still holds when it breaks is delivered before the error.
 *
 * Node ends the writing side when reading has ended, unless `allowHalfOpen` is set: so it is set here. A stream that
 * closes before both sides have ended counts as broken, with or without an error.
 */

import type { Duplex } from 'node:stream';
import { microtask } from '../vocabulary/platform.ts';
import { BrokenError, invalidInput, type IoError } from '../vocabulary/errors.ts';
import { translateError } from '../vocabulary/translate-error.ts';
import type { Transport, TransportSink } from './transport.ts';

/** What only sockets have. */
interface SocketParts {
  resetAndDestroy?: () => void;
  ref?: () => void;
  unref?: () => void;
}

const ignore = (): void => {};

/** @throws {@link InvalidInputError} when `duplex` is not a duplex stream of bytes. */
export function nodeTransport(duplex: Duplex): Transport {
  const isDuplex =
    typeof duplex?.read === 'function' &&
    typeof duplex.write === 'function' &&
    typeof duplex.on === 'function';
  if (!isDuplex) throw invalidInput('fromNode', 'duplex', 'a Node Duplex', duplex);
  if (duplex.readableObjectMode || duplex.writableObjectMode) {
    throw invalidInput('fromNode', 'duplex', 'a stream of bytes, not of objects', duplex);
  }
  if ((duplex.readableEncoding ?? null) !== null) {
    throw invalidInput('fromNode', 'duplex', 'a stream of bytes, without setEncoding()', duplex);
  }
  return new NodeTransport(duplex);
}

class NodeTransport implements Transport {
  readonly #duplex: Duplex & SocketParts;
  #sink: TransportSink | undefined;
  #isPaused = false;
  #isScheduled = false;
  #hasEnded = false;
  /** Called when the FIN was passed on. */
  #finished: (() => void) | undefined;
  /** This side is closing: by `close`, once everything is written, or by `reset`. */
  #isClosing = false;
  /** A reset waits for the FIN that is being sent. */
  #isResetting = false;
  #error: IoError | undefined;

  constructor(duplex: Duplex) {
    this.#duplex = duplex;
    duplex.allowHalfOpen = true;
    duplex.on('error', this.#onError);
  }

  get unsent(): number {
    return this.#duplex.writableLength;
  }

  start(sink: TransportSink): void {
    const duplex = this.#duplex;
    this.#sink = sink;
    if (duplex.errored !== null && duplex.errored !== undefined) this.#onError(duplex.errored);
    if (duplex.destroyed) {
      microtask(this.#onClose);
      return;
    }
    duplex.on('end', this.#onEnd);
    duplex.on('finish', this.#onFinish);
    duplex.on('close', this.#onClose);
    duplex.on('readable', this.#pull);
    if (duplex.readableEnded) microtask(this.#onEnd);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    microtask(() => {
      this.#isScheduled = false;
      this.#pull();
    });
  }

  write(data: Uint8Array | string): void {
    if (typeof data === 'string') this.#duplex.write(data, 'latin1', this.#onWritten);
    else this.#duplex.write(data, this.#onWritten);
  }

  writev(pieces: readonly Uint8Array[]): void {
    this.#duplex.cork();
    for (const piece of pieces) this.write(piece);
    this.#duplex.uncork();
  }

  end(finished: () => void): void {
    this.#finished = finished;
    if (this.#duplex.writableFinished) microtask(this.#onFinish);
    else if (!this.#duplex.writableEnded) this.#duplex.end();
  }

  close(): void {
    this.#isClosing = true;
    if (this.#duplex.writableFinished) {
      this.#destroy();
      return;
    }
    if (!this.#duplex.writableEnded) this.#duplex.end();
    // A transform stream finishes only when its output is read.
    this.resume();
  }

  reset(): void {
    const duplex = this.#duplex;
    this.#isClosing = true;
    if (duplex.destroyed) return;
    const isSocket = typeof duplex.resetAndDestroy === 'function';
    // Node fails to reset a socket that is sending its FIN, and then never closes it (libuv's EINVAL): FIN, then RST.
    const isFinishing =
      duplex.writableEnded && !duplex.writableFinished && duplex.writableLength === 0;
    if (isSocket && isFinishing) this.#isResetting = true;
    else this.#reset();
  }

  #reset(): void {
    if (this.#duplex.destroyed) return;
    try {
      // Throws for sockets that have no RST to send: Unix sockets, TLS.
      this.#duplex.resetAndDestroy?.();
    } catch {
      // Then destroying it is all that is left.
    }
    this.#destroy(resetHere());
  }

  setRef(ref: boolean): void {
    if (ref) this.#duplex.ref?.();
    else this.#duplex.unref?.();
  }

  /** Delivers what the stream holds. */
  readonly #pull = (): void => {
    while (!this.#isPaused) {
      const chunk = this.#duplex.read() as Uint8Array | null;
      if (chunk === null) return;
      if (this.#sink?.onData(chunk) === false) this.#isPaused = true;
    }
  };

  readonly #onEnd = (): void => {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#sink?.onEnd();
    this.#afterBothEnds();
  };

  readonly #onFinish = (): void => {
    const finished = this.#finished;
    this.#finished = undefined;
    finished?.();
    if (this.#isResetting) this.#reset();
    else if (this.#isClosing) this.#destroy();
    else this.#afterBothEnds();
  };

  readonly #onWritten = (error?: Error | null): void => {
    if (error === undefined || error === null) this.#sink?.onDrain();
  };

  readonly #onError = (error: Error): void => {
    this.#error ??= translateError(error, 'stream');
    // Node does this itself, unless `autoDestroy` was turned off.
    this.#destroy();
  };

  /** Both sides have ended; Node destroys the stream itself, unless `autoDestroy` was turned off. */
  #afterBothEnds(): void {
    if (this.#hasEnded && this.#duplex.writableFinished) microtask(() => this.#destroy());
  }

  #destroy(error?: Error): void {
    const duplex = this.#duplex;
    if (!duplex.destroyed) duplex.destroy(error);
    // `emitClose` may be turned off: a stream that is closed by now will not emit `'close'`.
    if (duplex.closed) microtask(this.#onClose);
  }

  readonly #onClose = (): void => {
    const duplex = this.#duplex;
    const sink = this.#sink;
    if (sink === undefined) return;
    const isClean = this.#isClosing || (duplex.readableEnded && duplex.writableFinished);
    // What it still holds comes before the error, whether the stream has room or not.
    for (let chunk = duplex.read(); chunk !== null; chunk = duplex.read()) {
      sink.onData(chunk as Uint8Array);
    }
    this.#sink = undefined;
    duplex.off('readable', this.#pull);
    duplex.off('end', this.#onEnd);
    duplex.off('finish', this.#onFinish);
    duplex.off('close', this.#onClose);
    duplex.on('error', ignore);
    duplex.off('error', this.#onError);
    sink.onClosed(this.#error ?? (isClean ? undefined : closedEarly()));
  };
}

function resetHere(): BrokenError {
  return new BrokenError('reset: the connection was reset by this side', {
    code: 'ECONNRESET',
    operation: 'reset',
  });
}

function closedEarly(): BrokenError {
  return new BrokenError('stream: it was closed before both sides had ended', {
    code: 'ERR_STREAM_PREMATURE_CLOSE',
    operation: 'stream',
  });
}
