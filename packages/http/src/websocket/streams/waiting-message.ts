/** What waits in an outbox, and who waits for it. */

import type { Clock, WaitOptions } from '@awaitio/core';
import { ListedWaiter } from '@awaitio/core/lowlevel';
import type { Message } from './incoming-message.ts';

/** The sender of a message in fragments, during its turn. */
export interface TurnHolder {
  /** The connection has ended. */
  onEnd(error: unknown): void;
  /** This side closes, after this message. */
  onClosing(): void;
}

/** What waits: a frame; a message that will be one; the turn of a holder. */
interface Content {
  frame?: Uint8Array;
  readonly message?: Message;
  readonly holder?: TurnHolder;
}

/** A message, a fragment or a turn that waits, and who waits for it. */
export class Waiting extends ListedWaiter<void> {
  readonly content: Content;
  #isOver = false;

  constructor(content: Content, clock: Clock, options: WaitOptions | undefined) {
    super(content.holder === undefined ? 'send' : 'sendStream', clock, options);
    this.content = content;
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
