/**
 * Time as a value that is passed in.
 *
 * Nothing in this package asks the platform for the time: code that needs it takes a `Clock`. The platform's is
 * `systemClock`; tests pass a clock that they move by hand, the simulation one that jumps to the next event. So a
 * deadline of a minute is tested in a microsecond.
 */

/** A timer that has not fired yet. */
export interface Timer {
  /** Stops it; does nothing when it has fired or was stopped. */
  cancel(): void;
  /** Lets the process end while this timer waits; a clock without a process does nothing. */
  unref(): void;
}

/** Where time comes from. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. */
  now(): number;
  /** Milliseconds since 1970 (UTC), for dates that people and peers read. */
  wallTime(): number;
  /** Calls back once after `delay` milliseconds. */
  setTimer(callback: () => void, delay: number): Timer;
  /** Calls back after the events that are ready now have had their turn (`setImmediate`). */
  defer(callback: () => void): void;
  /**
   * Waits.
   *
   * @param delay - Milliseconds; 0 and less wait for the next turn of the clock.
   * @throws `signal.reason` when the signal aborts first; the timer is gone then.
   */
  sleep(delay: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
}
