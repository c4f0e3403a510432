/**
 * One abort listener per signal, however many waits.
 *
 * An application has few long-lived signals (a server's shutdown, a request's life) and many short waits under each.
 * Adding and removing an event listener per wait costs more than most waits, and a forgotten listener is a leak that
 * Node warns about. So the first wait on a signal adds one listener, which stays when the wait is over, and the waits
 * themselves form a linked list beside it: adding and removing one takes a few assignments.
 *
 * A listener that stays has a price: while a signal of `AbortSignal.any` or `AbortSignal.timeout` has one, Node keeps
 * the signal alive. An application that makes such a signal per request would leak all of them. So signals without
 * waits are kept in a ring of fixed size, and the one evicted from it loses its listener.
 *
 * The list is found through a `WeakMap`, so that it lives no longer than its signal.
 */

import { containResult, failureOf, stderrSink } from '../vocabulary/callbacks.ts';

/** How many signals without waits keep their listener, for the next wait. */
const IDLE_SIGNALS = 256;

/** Something that is cancelled when a signal aborts. */
export interface AbortWatcher {
  /** The signal aborted. The watcher is no longer registered when it is called. */
  onAbort(reason: unknown): void;
}

/** A watcher's place in the list of its signal. */
export interface AbortRegistration {
  /** Removes the watcher; does nothing when the signal has aborted or it was removed before. */
  remove(): void;
}

class Registration implements AbortRegistration {
  readonly watcher: AbortWatcher;
  watch: SignalWatch | undefined;
  previous: Registration | undefined;
  next: Registration | undefined;

  constructor(watcher: AbortWatcher, watch: SignalWatch) {
    this.watcher = watcher;
    this.watch = watch;
  }

  remove(): void {
    this.watch?.remove(this);
  }
}

/** All watchers of one signal, oldest first. */
class SignalWatch {
  readonly #signal: AbortSignal;
  #head: Registration | undefined;
  #tail: Registration | undefined;
  /** Whether it is in the ring of signals that may be idle. */
  #isInRing = false;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#fire, { once: true });
  }

  add(watcher: AbortWatcher): Registration {
    const registration = new Registration(watcher, this);
    registration.previous = this.#tail;
    if (this.#tail === undefined) this.#head = registration;
    else this.#tail.next = registration;
    this.#tail = registration;
    return registration;
  }

  remove(registration: Registration): void {
    if (registration.previous === undefined) this.#head = registration.next;
    else registration.previous.next = registration.next;
    if (registration.next === undefined) this.#tail = registration.previous;
    else registration.next.previous = registration.previous;
    registration.watch = undefined;
    registration.previous = undefined;
    registration.next = undefined;
    if (this.#head !== undefined || this.#isInRing) return;
    this.#isInRing = true;
    idle[nextIdle]?.evict();
    idle[nextIdle] = this;
    nextIdle = (nextIdle + 1) % IDLE_SIGNALS;
  }

  /** Leaves the ring: the listener is removed too, unless there are waits again. */
  evict(): void {
    this.#isInRing = false;
    if (this.#head !== undefined) return;
    this.#signal.removeEventListener('abort', this.#fire);
    watches.delete(this.#signal);
  }

  /** Each watcher is removed before it is called, so that the call may remove others. */
  readonly #fire = (): void => {
    const { reason } = this.#signal;
    for (let first = this.#head; first !== undefined; first = this.#head) {
      this.remove(first);
      // One bad watcher must not leave the others waiting, and an error thrown here would end the process.
      try {
        const returned: unknown = first.watcher.onAbort(reason);
        if (returned !== undefined) containResult('onAbort', returned, stderrSink);
      } catch (error) {
        stderrSink.onCallbackFailure(failureOf(error, 'onAbort'), 'onAbort');
      }
    }
  };
}

const watches = new WeakMap<AbortSignal, SignalWatch>();
/** The signals that became idle last; those in use again stay until their place is needed. */
const idle: (SignalWatch | undefined)[] = Array.from({ length: IDLE_SIGNALS });
let nextIdle = 0;

/**
 * Calls `watcher` when `signal` aborts.
 *
 * @param signal - One that has not aborted; the caller has checked.
 * @returns The registration, to be removed when the wait is over.
 */
export function watchAbort(signal: AbortSignal, watcher: AbortWatcher): AbortRegistration {
  let watch = watches.get(signal);
  if (watch === undefined) {
    watch = new SignalWatch(signal);
    watches.set(signal, watch);
  }
  return watch.add(watcher);
}
