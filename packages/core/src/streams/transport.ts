/**
 * The contract between a stream and what carries its bytes.
 *
 * A carrier (a TCP socket, a pair of memory pipes, a simulated link) knows how bytes travel; `ByteStream` knows how
 * tasks wait for them. The line between the two is this file, and its rules are what keep every carrier small:
 *
 * - **Reading is a push of a borrowed view.** The bytes passed to `onData` are valid only during that call, since one
 *   read buffer may serve every socket of the process. The sink takes or copies what it needs before it returns.
 * - **Writing hands over ownership.** What is passed to `write` belongs to the carrier until it has been sent: the caller
 *   no longer changes it. A carrier therefore never copies. A string stands for its latin1 bytes, one per
 *   character: the stream above has encoded text that is not ASCII.
 * - **Bytes before bad news.** What has arrived at this side is pushed before an error is reported, even to a sink that
 *   asked for a pause: a peer's reset loses no byte that its carrier had delivered.
 * - **`onClosed` comes exactly once and last**, after everything else the carrier has to say. Until then the carrier
 *   may call the sink at any time, but never from inside a call that the sink is making, except `onClosed`
 *   from inside `reset` and `close`.
 */

import type { IoError } from '../vocabulary/errors.ts';

/** What a carrier calls on its stream. */
export interface TransportSink {
  /**
   * Bytes arrived; they are valid only during this call.
   *
   * @returns Whether to continue: `false` asks the carrier to push nothing until `resume()`. What it pushes all the same
   * is kept.
   */
  onData(view: Uint8Array): boolean;
  /** The peer finished (FIN): no `onData` follows. */
  onEnd(): void;
  /** `unsent` fell to where writing makes sense again, or to 0. */
  onDrain(): void;
  /** The carrier is closed: with an error when the peer or the network broke it, without when both sides had ended. */
  onClosed(error?: IoError): void;
}

/** What a stream asks of its carrier. */
export interface Transport {
  /** Bytes accepted by `write` and not yet passed on to the peer's side (for TCP: to the kernel). */
  readonly unsent: number;
  /** How many bytes `reset` dropped, where that is not what was `unsent` before it. */
  readonly dropped?: number | undefined;
  /**
   * Whether nothing refers any more to the memory that `write` was given: all of it was passed on, as a copy. Left out by
   * carriers that pass the memory itself on.
   */
  readonly isReleased?: boolean;
  /** Begins: from now on the carrier calls `sink`. Called once, before anything else. */
  start(sink: TransportSink): void;
  /** Stops pushing; bytes under way may still arrive. */
  pause(): void;
  /** Resumes pushing. */
  resume(): void;
  /** Takes the bytes, all of them and for good; latin1 when a string. Never called after `end`, `reset` or `close`. */
  write(data: Uint8Array | string): void;
  /** Takes several pieces as one write where the carrier can; else the same as writing each. */
  writev(pieces: readonly Uint8Array[]): void;
  /** Finishes this side (FIN) after everything accepted was sent, then calls back; a failure comes as `onClosed`. */
  end(finished: () => void): void;
  /** Breaks the connection so that the peer notices (RST), dropping what was not passed on. */
  reset(): void;
  /** Sends what was accepted, finishes (FIN) and closes; may be followed by `reset` when that takes too long. */
  close(): void;
  /** Whether the carrier keeps the process alive while it is open. */
  setRef(ref: boolean): void;
}

/** What a stream calls on its carrier. */
export const TRANSPORT_METHODS: readonly (keyof Transport)[] = [
  'start',
  'pause',
  'resume',
  'write',
  'writev',
  'end',
  'reset',
  'close',
  'setRef',
];
