/**
 * Time as a value that is passed in.
 *
 * No code in this package asks the platform for the time: what needs it takes a `Clock`. The platform's is
 * `systemClock`; tests pass a clock that they advance by hand, the simulation one that jumps to the next event. So a
 * deadline of a minute is tested in a microsecond.
 */

/** A timer that has not fired yet. */
export interface Timer {
  /** Stops it; does nothing when it has fired or was stopped. */
  cancel(): void;
  /** Lets the process end while this timer is pending; does nothing on a clock that keeps no process alive. */
  unref(): void;
}

/** Where time comes from. */
export interface Clock {
  /** Milliseconds since an arbitrary start; monotonic. */
  now(): number;
  /** Milliseconds since the Unix epoch, for dates that people and peers read. */
  wallTime(): number;
  /** Calls back once after `delay` milliseconds. */
  setTimer(callback: () => void, delay: number): Timer;
  /** Calls back after the events that are ready now were handled (`setImmediate`). */
  defer(callback: () => void): void;
  /**
   * Waits for `delay` milliseconds.
   *
   * @param delay - In milliseconds; 0 or less waits until the next timers fire.
   * @throws `signal.reason` when the signal aborts first; the timer is cancelled.
   */
  sleep(delay: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
}
