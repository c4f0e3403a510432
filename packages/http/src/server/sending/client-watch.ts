/**
 * Whether the client of a connection is still there, and how long one that has sent FIN is kept waiting.
 *
 * A client that has closed its connection and one that has only finished sending look the same: both have sent FIN. The
 * difference shows when bytes are sent to it, as a reset. A response that gives nothing for long would never show it, so
 * the wait for its next piece has a limit from then on. One watch, and one subscription to each of the stream's events,
 * serves all exchanges of a connection; it is made when the first of them needs it.
 */

import { BrokenError, type ByteStream, type StreamEnd } from '@awaitio/core';
import { Deadline, type DeadlineOwner, type DeadlineWheel } from '@awaitio/core/lowlevel';
import { ClientGoneError } from '../../message/handler.ts';

export class ClientWatch implements DeadlineOwner {
  readonly #halfClosed: number;
  readonly #deadline: Deadline;
  #reject: ((reason: unknown) => void) | undefined;
  /** Why the stream ended, when it has. */
  #ended: { readonly reason: unknown } | undefined;
  /** Whether the client has sent FIN, or the connection is lost. */
  isGone = false;
  /** Whether a half-closed client was kept waiting for too long. */
  isExpired = false;

  /**
   * @param halfClosed - `deadlines.halfClosed`.
   * @param onGone - Called once, when {@link ClientWatch.isGone} becomes true.
   */
  constructor(
    stream: Pick<ByteStream, 'closed' | 'readClosed'>,
    wheel: DeadlineWheel,
    halfClosed: number,
    onGone: () => void,
  ) {
    this.#halfClosed = halfClosed;
    this.#deadline = new Deadline(wheel, this);
    void stream.readClosed().then(() => {
      this.isGone = true;
      onGone();
      this.#limit();
    });
    void stream.closed.then((end) => {
      this.#ended = { reason: reasonOf(end) };
      this.#deadline.remove();
      this.#reject?.(this.#ended.reason);
    });
  }

  /**
   * The next piece of a response, or an error when the connection ends first, or its half-closed client has waited for
   * too long. {@link ClientWatch.arrived} is called when it has settled.
   */
  race<T>(next: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      next.then(resolve, reject);
      if (this.#ended !== undefined) reject(this.#ended.reason);
      this.#reject = reject;
      this.#limit();
    });
  }

  /** Ends the wait with an error. */
  fail(error: unknown): void {
    this.#reject?.(error);
  }

  /** Nothing is waited for. */
  arrived(): void {
    this.#reject = undefined;
    this.#deadline.clear();
  }

  onDeadline(): void {
    if (this.#reject === undefined) return;
    this.isExpired = true;
    this.#reject(
      new ClientGoneError(
        `serve: the client has sent FIN, and its response gave nothing for ${this.#halfClosed} ms (\`deadlines.halfClosed\`)`,
      ),
    );
  }

  #limit(): void {
    const isWaiting = this.isGone && this.#reject !== undefined && this.#ended === undefined;
    if (isWaiting) this.#deadline.set(this.#halfClosed);
  }
}

/** What ended the connection: this side's reason, or the client. */
function reasonOf(end: StreamEnd): unknown {
  if (end.by === 'local' && end.error !== undefined) return end.error;
  return new BrokenError('serve: the client closed the connection before the answer was complete', {
    code: 'ERR_HTTP_CLIENT_GONE',
    operation: 'serve',
    cause: end.error,
  });
}
