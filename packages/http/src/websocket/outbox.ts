/**
 * What waits to be sent: whole messages and messages in fragments, one after another.
 *
 * Tasks that send, answers to pings and the close frame share one stream, and a frame must not be cut by another. A frame is
 * given to the stream at once when nothing waits; else it waits here. Once its first byte is taken it is sent to its end,
 * even when its sender gives up waiting for that: half a frame would end the connection. So giving up takes a frame back only before
 * that.
 *
 * A message in fragments waits for its turn, and keeps it to its end: only control frames come between. What is sent
 * meanwhile is made a frame when its own turn comes, since the frames of a connection are made in the order in which they are sent.
 * So it is with all messages where frames refer to those before, as compressed ones may: a frame that was made is sent.
 *
 * Of control frames at most one of a kind waits: a pong answers the newest ping (RFC 6455 section 5.5.3).
 */

import { WOULD_BLOCK, type ByteStream, type Clock, type WaitOptions } from '@awaitio/core';
import { outsideScopes, WaiterList } from '@awaitio/core/lowlevel';
import type { Message } from './streams/incoming-message.ts';
import { Waiting, type TurnHolder } from './streams/waiting-message.ts';

/** What an outbox asks for, and reports. */
export interface OutboxOwner {
  /** With compression frames refer to those before. */
  readonly parts: { readonly compression?: object | undefined };
  /** Makes the frame of a message. */
  frameOf(message: Message): Uint8Array;
  /** Frames begin to wait for the peer. */
  onBlocked(): void;
  /** None waits any more. */
  onDrained(): void;
  /** The stream did not take a frame; nothing more is sent. */
  onWriteError(error: unknown): void;
}

/** The frames are the outbox’s own: the stream may keep them. */
const TRANSFER = Object.freeze({ transfer: true });

export class Outbox {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #owner: OutboxOwner;
  readonly #messages = new WaiterList<void>();
  /** How many turns wait. */
  #turns = 0;
  #holder: TurnHolder | undefined;
  /** The next fragment of the message that has the turn. */
  #fragment: Waiting | undefined;
  #ping: Uint8Array | undefined;
  #pong: Uint8Array | undefined;
  #close: (() => Uint8Array) | undefined;
  #isBusy = false;
  #isStopped = false;
  /** How many messages have begun to be sent. */
  sent = 0;

  constructor(stream: ByteStream, clock: Clock, owner: OutboxOwner) {
    this.#stream = stream;
    this.#clock = clock;
    this.#owner = owner;
  }

  /** How many messages wait. */
  get waiting(): number {
    return this.#messages.size;
  }

  /** Whether something waits, or is being sent in fragments. */
  get isBusy(): boolean {
    return this.#isBusy || (this.#holder !== undefined && !this.#isStopped);
  }

  /** Whether no message is sent any more. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /**
   * Sends a message.
   *
   * @returns `undefined` when the stream took it at once; else a promise of that. Giving up takes it back, if nothing of
   * it was taken.
   */
  send(message: Message, options: WaitOptions | undefined): Promise<void> | undefined {
    const isCoding = this.#owner.parts.compression !== undefined;
    if (this.#holder !== undefined || this.#turns > 0 || (isCoding && this.#isBusy)) {
      const kept = typeof message === 'string' ? message : Uint8Array.from(message);
      const later = new Waiting({ message: kept }, this.#clock, options);
      this.#messages.add(later);
      if (this.#holder === undefined) this.#begin(undefined);
      return later.promise;
    }
    const frame = this.#owner.frameOf(message);
    const rest = this.#trySend(frame);
    const hasBegun = isCoding || rest !== frame;
    if (hasBegun) this.sent += 1;
    if (rest === undefined) return undefined;
    const waiting = new Waiting({ frame: rest }, this.#clock, options);
    if (!hasBegun) this.#messages.add(waiting);
    this.#begin(hasBegun ? waiting : undefined);
    return waiting.promise;
  }

  /** Waits for the turn of a message in fragments; `endTurn` ends it. */
  turn(holder: TurnHolder): Waiting {
    const waiting = new Waiting({ holder }, this.#clock, undefined);
    this.#messages.add(waiting);
    this.#turns += 1;
    const onOver = (): void => {
      this.#turns -= 1;
    };
    waiting.promise.then(onOver, onOver);
    this.#begin(undefined);
    return waiting;
  }

  /** Sends a fragment of the message that has the turn. @returns As {@link Outbox.send} */
  fragment(frame: Uint8Array): Promise<void> | undefined {
    const rest = this.#isStopped ? frame : this.#trySend(frame);
    if (rest === undefined) return undefined;
    const waiting = new Waiting({ frame: rest }, this.#clock, undefined);
    if (rest === frame) this.#fragment = waiting;
    if (!this.#isStopped) this.#begin(rest === frame ? undefined : waiting);
    return waiting.promise;
  }

  /** The message that has the turn is sent, or will not be. */
  endTurn(holder: TurnHolder): void {
    if (this.#holder !== holder) return;
    this.#holder = undefined;
    this.#fragment = undefined;
    this.#begin(undefined);
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

  /** Sends the close frame, after the messages that wait, or at once when there are none. */
  close(make: () => Uint8Array): void {
    this.#close = make;
    if (!this.isBusy) this.#flushClose();
    else this.#holder?.onClosing();
  }

  /** Most close frames are taken at once. */
  #flushClose(): void {
    const frame = this.#takeClose();
    const rest = this.#trySend(frame as Uint8Array);
    if (rest === undefined) return;
    this.#close = () => rest;
    this.#begin(undefined);
  }

  /** Sends no message any more but the frame that has begun; those that wait fail with the end of the connection. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Drops all that waits. */
  fail(error: unknown): void {
    this.#ping = undefined;
    this.#pong = undefined;
    this.#close = undefined;
    this.#isStopped = true;
    this.#holder?.onEnd(error);
    this.#fragment?.reject(error);
    this.#messages.rejectAll(error);
  }

  /** @param begun - A message of which a part was sent. */
  #begin(begun: Waiting | undefined): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#owner.onBlocked();
    void outsideScopes(() => this.#run(begun));
  }

  async #run(begun: Waiting | undefined): Promise<void> {
    try {
      if (begun !== undefined) await this.#finish(begun, begun.content.frame as Uint8Array);
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
    if (!this.#isStopped) {
      const fragment = this.#fragment;
      this.#fragment = undefined;
      if (fragment !== undefined)
        return this.#finish(fragment, fragment.content.frame as Uint8Array);
      if (this.#holder !== undefined) return undefined;
      const first = this.#messages.first as Waiting | undefined;
      if (first !== undefined) return this.#sendMessage(first);
    }
    const close = this.#takeClose();
    return close === undefined ? undefined : this.#stream.writeAll(close, TRANSFER);
  }

  #takeClose(): Uint8Array | undefined {
    const close = this.#close;
    this.#close = undefined;
    return close?.();
  }

  #takeControl(): Uint8Array | undefined {
    const pong = this.#pong;
    this.#pong = undefined;
    if (pong !== undefined) return pong;
    const ping = this.#ping;
    this.#ping = undefined;
    return ping;
  }

  async #sendMessage(message: Waiting): Promise<void> {
    // Until there is room its sender may take it back.
    await this.#stream.writable();
    if (this.#messages.first !== message || this.#isStopped) return;
    const { content } = message;
    if (content.holder !== undefined) {
      this.#messages.remove(message);
      this.#holder = content.holder;
      this.sent += 1;
      message.resolve();
      return;
    }
    const isMade = content.frame === undefined;
    const frame = content.frame ?? this.#owner.frameOf(content.message as Message);
    const count = this.#stream.tryWrite(frame, TRANSFER);
    if (count === WOULD_BLOCK && !isMade) return;
    // It has begun: nothing takes it back any more.
    this.#messages.remove(message);
    this.sent += 1;
    if (count === frame.length) message.resolve();
    else await this.#finish(message, count === WOULD_BLOCK ? frame : frame.subarray(count));
  }

  /** Sends the rest of a frame, whether or not its sender still waits. */
  async #finish(message: Waiting, rest: Uint8Array): Promise<void> {
    try {
      await this.#stream.writeAll(rest, TRANSFER);
    } catch (error) {
      message.reject(error);
      throw error;
    }
    message.resolve();
  }
}
