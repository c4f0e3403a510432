/**
 * What a poll set can watch: a stream, or a listener.
 *
 * A source is level-triggered: `readiness` is its current state. An observer is only notified that it may have risen
 * and then looks at the state, so that a spurious notification is harmless and their order does not matter.
 */

import { containResult, failureOf, stderrSink } from './callbacks.ts';
import { invalidInput } from './errors.ts';

/**
 * Is notified when a source's readiness may have risen. Called from inside the source: it must not call back into it.
 */
export interface SourceObserver {
  /** The readiness may have risen. */
  onReadiness(): void;
}

/** Something that can be ready: a stream, or a listener. */
export interface Source {
  /** What the source is ready for now, as the bits of `ReadyBits`. */
  readonly readiness: number;
  /** The error that broke the source, if one did. */
  readonly failure: unknown;
  /** Whether this side closed it: it will not be ready for anything more, and poll sets drop it. */
  readonly isDisposed: boolean;
  /** Notifies `observer` whenever {@link Source.readiness} may have risen; adding it twice has no further effect. */
  observe(observer: SourceObserver): void;
  /** Stops notifying `observer`; does nothing when it was not added. */
  unobserve(observer: SourceObserver): void;
}

/** The observers of one source. */
export class Observers {
  readonly #all = new Set<SourceObserver>();

  /** @throws {@link InvalidInputError} for what has no method `onReadiness`: it would be called much later. */
  add(observer: SourceObserver): void {
    if (typeof (observer as SourceObserver | null | undefined)?.onReadiness !== 'function') {
      throw invalidInput('observe', 'observer', 'an object with the method onReadiness', observer);
    }
    this.#all.add(observer);
  }

  delete(observer: SourceObserver): void {
    this.#all.delete(observer);
  }

  /** Notifies all. One that fails must not keep the others, or the source itself, from going on. */
  notify(): void {
    for (const observer of this.#all) {
      try {
        const returned: unknown = observer.onReadiness();
        if (returned !== undefined) containResult('onReadiness', returned, stderrSink);
      } catch (error) {
        stderrSink.onCallbackFailure(failureOf(error, 'onReadiness'), 'onReadiness');
      }
    }
  }
}
