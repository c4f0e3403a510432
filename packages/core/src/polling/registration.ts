/** One source of a poll set, and the public types of `Poll`. */

import { rules, type OptionTable } from '../vocabulary/check.ts';
import type { Clock } from '../vocabulary/clock.ts';
import type { Interest } from '../vocabulary/interest.ts';
import type { Source, SourceObserver } from '../vocabulary/source.ts';
import type { WaitInfo } from '../waiting/waiter.ts';

/** What one source of a `Poll` is ready for. */
export interface PollEvent<Token> {
  /** The token that the source was registered with. */
  readonly token: Token;
  /** Whether a read, or for a listener an accept, would not wait. */
  readonly isReadable: boolean;
  /** Whether a write would not wait. */
  readonly isWritable: boolean;
  /** Whether no more bytes will arrive. */
  readonly isReadClosed: boolean;
  /** Whether no more bytes can be written. */
  readonly isWriteClosed: boolean;
  /** The error that broke the source, if one did. */
  readonly error: unknown;
}

/** Options of a `Poll`. */
export interface PollOptions {
  /** Where timeouts come from. @default the system's clock */
  readonly clock?: Clock | undefined;
  /** The most events that one `poll` returns; the others come first in the next. @default 1024 (mio's and tokio's) */
  readonly maxEvents?: number | undefined;
}

/** What {@link PollOptions} may be. */
export const POLL_OPTIONS: OptionTable<PollOptions> = {
  clock: rules.clock,
  maxEvents: rules.whole(1),
};

/** A snapshot of a `Poll`. */
export interface PollStatistics {
  /** How many sources are registered. */
  readonly registered: number;
  /** How many of them may be ready. */
  readonly candidates: number;
  readonly waits: readonly WaitInfo[];
}

/** One source of a poll set: observes it, and tells the set when it may be ready. */
export class Registration<Token> implements SourceObserver {
  readonly source: Source;
  readonly #onMayBeReady: (registration: Registration<Token>) => void;
  token: Token;
  interest: Interest;

  constructor(
    source: Source,
    token: Token,
    interest: Interest,
    onMayBeReady: (registration: Registration<Token>) => void,
  ) {
    this.source = source;
    this.token = token;
    this.interest = interest;
    this.#onMayBeReady = onMayBeReady;
  }

  onReadiness(): void {
    this.#onMayBeReady(this);
  }
}
