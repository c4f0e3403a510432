/**
 * One end of a simulated connection: the carrier of a `ByteStream`, with TCP's rules for ending.
 *
 * The rules, as in Linux and `node:net`: bytes that arrived are delivered before the end, or an RST, is reported; closing with unread
 * bytes sends RST, otherwise FIN; bytes that arrive at a closed end are answered with RST; when both sides have sent FIN, the
 * connection is closed without an error.
 */

import { microtask } from '../../../vocabulary/platform.ts';
import { BrokenError, type IoError } from '../../../vocabulary/errors.ts';
import type { Transport, TransportSink } from '../../../streams/transport.ts';
import { enterLife, isIn, type HostLife } from '../hosts/context.ts';
import { hostCrashed } from '../hosts/crashed.ts';
import type { SimFlow } from './flow.ts';
import type { FlowEnds, Segment } from './world.ts';

/** The network, as one end of a connection sees it. */
export interface TransportEvents {
  /** The last ACK of the handshake arrived. */
  onEstablished(): void;
  /** A segment is about to be delivered; the network may inject faults. @returns Whether to deliver it. */
  beforeDelivery(): boolean;
  /** This end is closed. */
  onClosed(): void;
  /** What was sent to this end is lost for good. */
  onLost(): void;
  /** This end is gone with its program. */
  onVanished(): void;
  /** Whether what a program notices here has to wait. */
  readonly isKeeping: boolean;
  keep(event: () => void): void;
  /** The life in which a program notices it. */
  readonly life: HostLife | undefined;
}

let drain: (transport: SimTransport) => void;
let take: (transport: SimTransport, segment: Segment) => void;

export class SimTransport implements Transport, FlowEnds {
  readonly #out: SimFlow;
  readonly #in: SimFlow;
  readonly #events: TransportEvents;
  #sink: TransportSink | undefined;
  /** Received, and not taken by the stream. */
  readonly #received: Uint8Array[] = [];
  #isPaused = false;
  #isScheduled = false;
  #hasEndArrived = false;
  #isEndReported = false;
  #isClosing = false;
  #isClosed = false;
  #isGone = false;
  #isCut = false;
  #error: IoError | undefined;

  constructor(out: SimFlow, inward: SimFlow, events: TransportEvents) {
    this.#out = out;
    this.#in = inward;
    this.#events = events;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  // --- For the stream ------------------------------------------------------------------------------------

  get unsent(): number {
    return this.#out.unsent;
  }

  start(sink: TransportSink): void {
    if (this.#isGone) return;
    this.#sink = sink;
    if (this.#isClosed) {
      microtask(() => {
        this.#pushReceived();
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
      // Not from inside the call.
      microtask(() => {
        if (this.#isClosed) return;
        finished();
        if (this.#isEndReported) this.#finish(undefined);
      });
    });
  }

  close(): void {
    if (this.#isGone) this.#leave();
    if (this.#isClosed || this.#isClosing) return;
    this.#isClosing = true;
    if (this.#out.unsent === 0) this.#finishClose();
  }

  reset(): void {
    if (this.#isGone) this.#leave();
    if (this.#isClosed) return;
    this.#out.reset();
    this.#finish(undefined);
  }

  setRef(_ref: boolean): void {
    // Nothing simulated keeps a process alive.
  }

  /** Code outside of the host that crashed closes what a program there had opened; a program that is gone notices nothing. */
  #leave(): void {
    const sink = this.#sink;
    const { life } = this.#events;
    if (sink === undefined || life === undefined || isIn(life)) return;
    this.#sink = undefined;
    microtask(() => {
      sink.onClosed(hostCrashed('stream', life.host));
    });
  }

  // --- For the flows --------------------------------------------------------------------------------------

  onDrain(): void {
    if (this.#isClosed) return;
    const { isKeeping, life } = this.#events;
    if (isKeeping) this.#keepDrain();
    else if (life === undefined) this.#drain();
    else enterLife(life, drain, this);
  }

  onLost(): void {
    this.#events.onLost();
  }

  onSegment(segment: Segment): void {
    if (this.#events.isKeeping && !this.#isClosed) this.#keep(segment);
    else this.#accept(segment);
  }

  /** Apart, so that a segment that need not wait makes no closure. */
  #keep(segment: Segment): void {
    this.#events.keep(() => {
      this.#accept(segment);
    });
  }

  #accept(segment: Segment): void {
    const { life } = this.#events;
    if (this.#isClosed) {
      if (segment.kind === 'data' || segment.kind === 'ack') this.#out.reset();
    } else if (life === undefined) {
      this.#onSegment(segment);
    } else {
      enterLife(life, take, this, segment);
    }
  }

  #keepDrain(): void {
    this.#events.keep(() => {
      this.#drain();
    });
  }

  #drain(): void {
    if (this.#isClosed) return;
    this.#sink?.onDrain();
    if (this.#isClosing && this.#out.unsent === 0) this.#finishClose();
  }

  #onSegment(segment: Segment): void {
    if (segment.kind === 'ack') {
      this.#events.onEstablished();
      return;
    }
    if (segment.kind === 'reset') {
      this.#break('ECONNRESET', 'the peer reset the connection');
      return;
    }
    // Behind a segment that is lost for good nothing is delivered, also of what a paused program has not received yet.
    if (this.#isCut || !this.#events.beforeDelivery()) {
      this.#isCut = true;
      return;
    }
    if (segment.kind === 'data') this.#received.push(segment.bytes);
    else this.#hasEndArrived = true;
    this.#deliver();
  }

  // Functions for `enterLife`, which are made once: a closure for each end would be one for each connection of each run.
  static {
    drain = (transport) => {
      transport.#drain();
    };
    take = (transport, segment) => {
      transport.#onSegment(segment);
    };
  }

  // --- For the network -----------------------------------------------------------------------------------

  /** Breaks this end of the connection. */
  break(code: string, message: string): void {
    if (this.#isClosed) return;
    const { isKeeping, life } = this.#events;
    const happen = (): void => {
      if (life === undefined) this.#break(code, message);
      else enterLife(life, () => this.#break(code, message));
    };
    if (isKeeping) this.#events.keep(happen);
    else happen();
  }

  #break(code: string, message: string): void {
    if (this.#isClosed) return;
    this.#out.vanish();
    this.#finish(new BrokenError(`stream: ${message}`, { code, operation: 'stream' }));
  }

  /** The program is gone with its host: nothing is notified. */
  vanish(): void {
    if (this.#isClosed) return;
    this.#out.vanish();
    this.#isClosed = true;
    this.#isGone = true;
    this.#received.length = 0;
    this.#events.onVanished();
  }

  // --- Delivery ------------------------------------------------------------------------------------------------

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    microtask(() => {
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
      // The sink may have closed or reset this end meanwhile; the type checker does not know that the field can change.
      if (this.isClosed) return;
    }
    if (!this.#hasEndArrived || this.#isEndReported || this.#received.length > 0) return;
    this.#isEndReported = true;
    sink.onEnd();
    if (this.#out.isFinished) this.#finish(undefined);
  }

  #finishClose(): void {
    if (this.#received.length > 0) this.#out.reset();
    else if (!this.#out.isFinished) this.#out.finish(() => {});
    this.#finish(undefined);
  }

  #finish(error: IoError | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error = error;
    // As a kernel does, on Linux and BSD: an RST ends the connection and leaves what was received to be read.
    if (error === undefined) this.#received.length = 0;
    else if (this.#sink !== undefined) this.#pushReceived();
    this.#events.onClosed();
    this.#sink?.onClosed(error);
  }

  /** Pushes what was received, whether the stream has room or not. */
  #pushReceived(): void {
    for (const piece of this.#received.splice(0)) this.#sink?.onData(piece);
  }
}
