/**
 * The reading half of a WebSocket: one loop reads, whichever task calls `receive`, so that pings are answered and a close frame is seen
 * while the application is busy. It stops while the inbox is full, or holds enough of a message that is not read yet; so a slow
 * application slows its peer down.
 */

import type { ByteConsumer, ByteStream } from '@awaitio/core';
import { outsideScopes } from '@awaitio/core/lowlevel';
import type { Inbox } from './inbox.ts';
import type { WebSocketConnection } from './protocol/connection.ts';
import type { MessageEvent, TailEvent, WebSocketEvent } from './protocol/events.ts';

/** Anything but a message. */
export type ControlFlowEvent = Exclude<WebSocketEvent, MessageEvent | TailEvent>;

/** What a loop is part of. */
export interface ReadLoopOwner {
  readonly connection: WebSocketConnection;
  readonly inbox: Inbox;
  /** Whether nothing is read any more. */
  readonly isReadingOver: boolean;
  /** Whether what nothing takes is dropped, so that the peer’s close frame is seen behind it. */
  readonly dropsUnread: boolean;
  /** Bytes have come. */
  onBytes(): void;
  /** Whether the loop waits for room. */
  onPaused(isPaused: boolean): void;
  /** A message has come, or a part of one. */
  onMessage(): void;
  /** Anything but a message has come. */
  onEvent(event: ControlFlowEvent): void;
  onReadError(error: unknown): void;
}

export class ReadLoop implements ByteConsumer {
  readonly #stream: ByteStream;
  readonly #owner: ReadLoopOwner;
  readonly #readAheadBytes: number;
  /** Continues the loop, when it waits for room. */
  #continue: (() => void) | undefined;
  /** How many messages have come, and how many of them were dropped, since nothing took them. */
  received = 0;
  dropped = 0;

  constructor(stream: ByteStream, owner: ReadLoopOwner, readAheadBytes: number) {
    this.#stream = stream;
    this.#owner = owner;
    this.#readAheadBytes = readAheadBytes;
  }

  begin(): void {
    void outsideScopes(() => this.#read());
  }

  /** Whether it waits for room. */
  get isPaused(): boolean {
    return this.#continue !== undefined;
  }

  /** Goes on, if what it has waited for is there. */
  wake(): void {
    this.#feed();
    if (this.#continue !== undefined && !this.#mustWait) this.#continue();
  }

  take(view: Uint8Array): number {
    this.#owner.onBytes();
    return this.#owner.connection.receive(view);
  }

  async #read(): Promise<void> {
    const owner = this.#owner;
    try {
      for (;;) {
        this.#handleEvents();
        if (owner.isReadingOver) return;
        this.#feed();
        if (this.#mustWait) await this.#room();
        else if ((await this.#stream.readWith(this)) === null) owner.connection.receiveEnd();
      }
    } catch (error) {
      owner.onReadError(error);
    }
  }

  #handleEvents(): void {
    const { connection } = this.#owner;
    for (let event = connection.nextEvent(); event !== undefined; event = connection.nextEvent()) {
      if (event.type === 'message' || event.type === 'tail') this.#onMessage(event);
      else this.#owner.onEvent(event);
    }
  }

  #onMessage({ type, data }: MessageEvent | TailEvent): void {
    const { inbox, dropsUnread } = this.#owner;
    this.#owner.onMessage();
    this.received += 1;
    if (type === 'tail') inbox.putTail(data);
    else if (inbox.isFull && dropsUnread) this.dropped += 1;
    else inbox.put(data);
  }

  /** Passes on what has come of a long message, if someone takes it in parts. */
  #feed(): void {
    const { connection, inbox } = this.#owner;
    if (connection.partBytes === 0) return;
    if (!inbox.takesPart) {
      if (!this.#owner.dropsUnread || inbox.collects || this.#fits) return;
      inbox.isSkipping = true;
      this.dropped += 1;
    }
    const part = connection.takePart();
    if (part === undefined) return;
    this.#owner.onMessage();
    inbox.putPart(part.isText, part.data);
  }

  get #fits(): boolean {
    return this.#owner.connection.partBytes < this.#readAheadBytes;
  }

  get #mustWait(): boolean {
    const { inbox, isReadingOver, dropsUnread } = this.#owner;
    if (isReadingOver || dropsUnread) return false;
    return inbox.isFull || !(this.#fits || inbox.collects);
  }

  async #room(): Promise<void> {
    this.#owner.onPaused(true);
    await new Promise<void>((resolve) => {
      this.#continue = resolve;
    });
    this.#continue = undefined;
    this.#owner.onPaused(false);
  }
}
