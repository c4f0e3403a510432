/**
 * What a poll set can watch: a stream, or a listener.
 *
 * A source is level-triggered: `readiness` tells how it stands now. An observer only hears that it may have risen, and
 * looks for itself, so that a notice too many is harmless and the order of notices does not matter.
 */

/** Hears that a source's readiness may have risen. Called from inside the source: it must not call back into it. */
export interface SourceObserver {
  /** The readiness may have risen. */
  onReadiness(): void;
}

/** Something that can be ready. */
export interface Source {
  /** What the source is ready for now, as the bits of `ReadyBits`. */
  readonly readiness: number;
  /** The error that broke the source, if one did. */
  readonly failure: unknown;
  /** Whether this side closed it: there is nothing more to be ready for, and poll sets drop it. */
  readonly isDisposed: boolean;
  /** Begins to tell `observer`; twice is once. */
  observe(observer: SourceObserver): void;
  /** Ends it; does nothing for an observer that is not there. */
  unobserve(observer: SourceObserver): void;
}
