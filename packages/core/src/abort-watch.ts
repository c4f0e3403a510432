/**
 * One abort listener per signal, however many waits.
 *
 * A program has few long-lived signals (a server's shutdown, a request's life) and many short waits under each. Adding
 * and removing an event listener per wait costs more than most waits, and a listener forgotten is a leak that Node warns
 * about. So the first wait on a signal puts one listener on it, which stays for the signal's life, and the waits
 * themselves form a linked list beside it: joining and leaving it takes a few assignments.
 *
 * The list is found through a `WeakMap`, so that it lives exactly as long as its signal.
 */

/** Something that is given up when a signal aborts. */
export interface AbortWatcher {
  /** The signal aborted. The watcher is no longer registered when it is called. */
  onAbort(reason: unknown): void;
}

/** A watcher's place in the list of its signal. */
export interface AbortRegistration {
  /** Leaves the list; does nothing when the signal has aborted or it left before. */
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
  #head: Registration | undefined;
  #tail: Registration | undefined;

  constructor(signal: AbortSignal) {
    signal.addEventListener(
      'abort',
      () => {
        this.#fire(signal.reason);
      },
      { once: true },
    );
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
  }

  /** Each watcher leaves the list before it is told, so that telling one may remove others. */
  #fire(reason: unknown): void {
    for (let first = this.#head; first !== undefined; first = this.#head) {
      this.remove(first);
      first.watcher.onAbort(reason);
    }
  }
}

const watches = new WeakMap<AbortSignal, SignalWatch>();

/**
 * Tells `watcher` when `signal` aborts.
 *
 * @param signal - One that has not aborted yet; the caller has looked.
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
