/**
 * One end of a simulated connection: the carrier that `ByteStream` runs over, with TCP's rules for ending.
 *
 * The rules, as Linux and `node:net` have them: bytes that arrived are handed over before anything is told about the
 * end; closing with bytes unread sends RST, else FIN; bytes that come for an end that is gone are answered with RST; when
 * both sides have finished the connection is gone without an error.
 */

import { BrokenError, type IoError } from '../../vocabulary/errors.ts';
import type { Transport, TransportSink } from '../../streams/transport.ts';
import type { FlowEnds, Segment, SimFlow } from './flow.ts';

/** What the network is told by the ends of its connections. */
export interface TransportEvents {
  /** The last word of the handshake came. */
  onEstablished(): void;
  /** A segment is about to be handed over; the network may do harm. @returns Whether it still may be. */
  beforeDelivery(): boolean;
  /** This end is gone. */
  onClosed(): void;
}

export class SimTransport implements Transport, FlowEnds {
  readonly #out: SimFlow;
  readonly #in: SimFlow;
  readonly #events: TransportEvents;
  #sink: TransportSink | undefined;
  /** Arrived at this host and not taken. */
  readonly #received: Uint8Array[] = [];
  #isPaused = false;
  #isScheduled = false;
  #hasEndArrived = false;
  #isEndTold = false;
  #isClosing = false;
  #isClosed = false;
  #error: IoError | undefined;

  constructor(out: SimFlow, inward: SimFlow, events: TransportEvents) {
    this.#out = out;
    this.#in = inward;
    this.#events = events;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  // --- What the stream asks ------------------------------------------------------------------------------------

  get unsent(): number {
    return this.#out.unsent;
  }

  start(sink: TransportSink): void {
    this.#sink = sink;
    if (this.#isClosed) {
      queueMicrotask(() => {
        sink.onClosed(this.#error);
      });
    } else {
      this.#schedule();
    }
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#schedule();
  }

  write(data: Uint8Array | string): void {
    if (this.#isClosed) return;
    this.#out.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
  }

  writev(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) this.write(piece);
  }

  end(finished: () => void): void {
    this.#out.finish(() => {
      // Never from inside the call.
      queueMicrotask(() => {
        if (this.#isClosed) return;
        finished();
        if (this.#isEndTold) this.#leave(undefined);
      });
    });
  }

  close(): void {
    if (this.#isClosed || this.#isClosing) return;
    this.#isClosing = true;
    if (this.#out.unsent === 0) this.#finishClose();
  }

  reset(): void {
    if (this.#isClosed) return;
    this.#out.reset();
    this.#leave(undefined);
  }

  setRef(_ref: boolean): void {
    // Nothing simulated keeps a process alive.
  }

  // --- What the flows say --------------------------------------------------------------------------------------

  onDrain(): void {
    if (this.#isClosed) return;
    this.#sink?.onDrain();
    if (this.#isClosing && this.#out.unsent === 0) this.#finishClose();
  }

  onSegment(segment: Segment): void {
    if (segment.kind === 'ack') {
      if (this.#isClosed) this.#out.reset();
      else this.#events.onEstablished();
      return;
    }
    if (segment.kind === 'reset') {
      this.break('ECONNRESET', 'the peer reset the connection');
      return;
    }
    if (this.#isClosed) {
      if (segment.kind === 'data') this.#out.reset();
      return;
    }
    if (!this.#events.beforeDelivery()) return;
    if (segment.kind === 'data') this.#received.push(segment.bytes);
    else this.#hasEndArrived = true;
    this.#deliver();
  }

  // --- What the network does -----------------------------------------------------------------------------------

  /** The connection is broken for this end. */
  break(code: string, message: string): void {
    if (this.#isClosed) return;
    this.#out.vanish();
    this.#leave(new BrokenError(`stream: ${message}`, { code, operation: 'stream' }));
  }

  // --- Delivery ------------------------------------------------------------------------------------------------

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const sink = this.#sink;
    if (sink === undefined || this.#isClosed) return;
    while (!this.#isPaused && this.#received.length > 0) {
      const piece = this.#received.shift() as Uint8Array;
      this.#in.take(piece.length);
      if (!sink.onData(piece)) this.#isPaused = true;
      // The sink may have closed or reset this end meanwhile; to the checker these fields cannot have changed.
      if (this.isClosed) return;
    }
    if (!this.#hasEndArrived || this.#isEndTold || this.#received.length > 0) return;
    this.#isEndTold = true;
    sink.onEnd();
    if (this.#out.isFinished) this.#leave(undefined);
  }

  #finishClose(): void {
    if (this.#received.length > 0) this.#out.reset();
    else if (!this.#out.isFinished) this.#out.finish(() => {});
    this.#leave(undefined);
  }

  #leave(error: IoError | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error = error;
    this.#received.length = 0;
    this.#events.onClosed();
    this.#sink?.onClosed(error);
  }
}
