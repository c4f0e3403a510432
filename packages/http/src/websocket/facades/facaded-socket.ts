/** A WebSocket as its facades use it. */

import type { WaitOptions } from '@awaitio/core';
import type { Message } from '../streams/incoming-message.ts';

/** How it ended. */
export interface FacadedEnd {
  readonly code: number;
  readonly reason: string;
  readonly isClean: boolean;
  readonly error?: unknown;
}

/** A WebSocket that is open. */
export interface FacadedSocket {
  readonly url: string;
  readonly protocol: string;
  /** Empty for none. */
  readonly extensions: string;
  readonly closed: Promise<FacadedEnd>;
  /** What a message that waits counts, in bytes, beside its content. */
  readonly messageCost: number;
  isOpen(): boolean;
  receive(options?: WaitOptions): Promise<Message | null>;
  /** Sends without a limit on how many wait. */
  send(message: Message, options?: WaitOptions): Promise<void>;
  /** @param code - `undefined` for a close frame without one */
  close(code: number | undefined, reason: string): void;
  reset(reason: unknown): void;
}
