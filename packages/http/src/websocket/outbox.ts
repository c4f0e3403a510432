/**
 * What waits to be sent: whole frames, one after another.
 *
 * Tasks that send, answers to pings and the close frame share one stream, and a frame must not be cut by another. A frame is
 * given to the stream at once when nothing waits; else it waits here. Once its first byte is taken it is sent to its end,
 * whoever gives up waiting for that: half a frame would end the connection. So giving up takes a frame back only before
 * that.
 *
 * Of control frames at most one of a kind waits: a pong answers the newest ping (RFC 6455 section 5.5.3).
 */

import { WOULD_BLOCK, type ByteStream, type Clock, type WaitOptions } from '@awaitio/core';
import { ListedWaiter, outsideScopes, WaiterList } from '@awaitio/core/lowlevel';

/** What an outbox reports. */
export interface OutboxOwner {
  /** Frames begin to wait for the peer. */
  onBlocked(): void;
  /** None waits any more. */
  onDrained(): void;
  /** The stream did not take a frame; nothing more is sent. */
  onWriteError(error: unknown): void;
}

/** The frames are the outbox’s own: the stream may keep them. */
const TRANSFER = Object.freeze({ transfer: true });

/** A message that waits, and who waits for it. */
class WaitingFrame extends ListedWaiter<void> {
  readonly frame: Uint8Array;
  #isOver = false;

  constructor(frame: Uint8Array, clock: Clock, options: WaitOptions | undefined) {
    super('send', clock, options);
    this.frame = frame;
  }

  /** Does nothing once its sender has given up. */
  override resolve(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    super.resolve();
  }

  override reject(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    super.reject(reason);
  }
}

export class Outbox {
  readonly #stream: ByteStream;
  readonly #owner: OutboxOwner;
  readonly #messages = new WaiterList<void>();
  #ping: Uint8Array | undefined;
  #pong: Uint8Array | undefined;
  #close: Uint8Array | undefined;
  #isBusy = false;
  #isStopped = false;

  constructor(stream: ByteStream, owner: OutboxOwner) {
    this.#stream = stream;
    this.#owner = owner;
  }

  /** How many messages wait. */
  get waiting(): number {
    return this.#messages.size;
  }

  /** Whether something waits. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /**
   * Sends the frame of a message.
   *
   * @returns `undefined` when the stream took it at once; else a promise of that. Giving up takes the frame back, if nothing of
   * it was sent.
   */
  send(
    frame: Uint8Array,
    clock: Clock,
    options: WaitOptions | undefined,
  ): Promise<void> | undefined {
    const rest = this.#trySend(frame);
    if (rest === undefined) return undefined;
    const waiting = new WaitingFrame(rest, clock, options);
    if (rest === frame) {
      this.#messages.add(waiting);
      this.#begin(undefined);
    } else {
      this.#begin(waiting);
    }
    return waiting.promise;
  }

  /** Gives a frame to the stream if nothing waits. @returns What it did not take */
  #trySend(frame: Uint8Array): Uint8Array | undefined {
    if (this.#isBusy) return frame;
    const count = this.#stream.tryWrite(frame, TRANSFER);
    if (count === WOULD_BLOCK) return frame;
    return count === frame.length ? undefined : frame.subarray(count);
  }

  /** Sends a control frame as soon as the present frame is out; of the same kind only the newest waits. */
  control(kind: 'ping' | 'pong', frame: Uint8Array): void {
    // So short a frame is taken whole or not at all.
    const rest = this.#trySend(frame);
    if (rest === undefined) return;
    if (kind === 'ping') this.#ping = rest;
    else this.#pong = rest;
    this.#begin(undefined);
  }

  /** Sends the close frame, after the messages that wait. */
  close(frame: Uint8Array): void {
    this.#close = this.#trySend(frame);
    if (this.#close !== undefined) this.#begin(undefined);
  }

  /** Sends no message any more but the one that has begun; those that wait fail with the end of the connection. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Drops all that waits. */
  fail(error: unknown): void {
    this.#ping = undefined;
    this.#pong = undefined;
    this.#close = undefined;
    this.#messages.rejectAll(error);
  }

  /** @param begun - A message of which a part was sent. */
  #begin(begun: WaitingFrame | undefined): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#owner.onBlocked();
    void outsideScopes(() => this.#run(begun));
  }

  async #run(begun: WaitingFrame | undefined): Promise<void> {
    try {
      if (begun !== undefined) await this.#finish(begun, begun.frame);
      // Whether anything is left is asked and `#isBusy` unset in one go: a frame that comes between would wait for ever.
      for (let next = this.#sendNext(); next !== undefined; next = this.#sendNext()) await next;
    } catch (error) {
      this.#isBusy = false;
      this.#owner.onWriteError(error);
      return;
    }
    this.#isBusy = false;
    this.#owner.onDrained();
  }

  /** Sends what is next: answers first, the close frame last. @returns `undefined` when nothing waits */
  #sendNext(): Promise<void> | undefined {
    const control = this.#takeControl();
    if (control !== undefined) return this.#stream.writeAll(control, TRANSFER);
    const message = this.#messages.first as WaitingFrame | undefined;
    if (message !== undefined && !this.#isStopped) return this.#sendMessage(message);
    const close = this.#close;
    this.#close = undefined;
    return close === undefined ? undefined : this.#stream.writeAll(close, TRANSFER);
  }

  #takeControl(): Uint8Array | undefined {
    const pong = this.#pong;
    this.#pong = undefined;
    if (pong !== undefined) return pong;
    const ping = this.#ping;
    this.#ping = undefined;
    return ping;
  }

  async #sendMessage(message: WaitingFrame): Promise<void> {
    // Until there is room its sender may take it back.
    await this.#stream.writable();
    if (this.#messages.first !== message || this.#isStopped) return;
    const { frame } = message;
    const count = this.#stream.tryWrite(frame, TRANSFER);
    if (count === WOULD_BLOCK) return;
    // It has begun: nothing takes it back any more.
    this.#messages.remove(message);
    if (count === frame.length) message.resolve();
    else await this.#finish(message, frame.subarray(count));
  }

  /** Sends the rest of a message, whether or not its sender still waits. */
  async #finish(message: WaitingFrame, rest: Uint8Array): Promise<void> {
    try {
      await this.#stream.writeAll(rest, TRANSFER);
    } catch (error) {
      message.reject(error);
      throw error;
    }
    message.resolve();
  }
}
