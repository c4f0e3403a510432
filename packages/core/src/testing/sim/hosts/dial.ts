/**
 * The two clocks of a machine, as its hardware shows them: a monotonic one, and one that shows the date.
 *
 * Both run at the same rate, which may differ from that of true time. The date may also jump, as it does when it is set; the
 * monotonic clock never does. Times are in whole microseconds outside and exact enough inside that a timer is never early.
 */

/** True time, as a machine is subject to it. */
export interface TrueTime {
  now(): number;
  wallTime(): number;
}

/** Rounded to the microsecond, so that equal moments are equal numbers. */
const toMicros = (milliseconds: number): number => Math.round(milliseconds * 1_000) / 1_000;

export class Dial {
  readonly #time: TrueTime;
  /** What it showed when its rate was last changed, and when that was. */
  #shown: number;
  #since: number;
  #rate = 1;
  /** By how much the date is ahead of what the rate has made of it. */
  #ahead = 0;
  /** What clocks of earlier lives do when the rate changes: code outside may have set timers on them. */
  readonly #followers: (() => void)[] = [];
  /** The date at the start of the simulation. */
  readonly #epoch: number;

  constructor(time: TrueTime) {
    this.#time = time;
    this.#since = time.now();
    this.#shown = this.#since;
    this.#epoch = time.wallTime() - Math.floor(this.#since);
  }

  get rate(): number {
    return this.#rate;
  }

  now(): number {
    const { now } = this.#state;
    return toMicros(now);
  }

  wallTime(): number {
    const { now } = this.#state;
    return Math.floor(this.#epoch + toMicros(now + this.#ahead));
  }

  /** From now on a true millisecond is `rate` milliseconds here. */
  skew(rate: number): void {
    const { now, time } = this.#state;
    this.#shown = now;
    this.#since = time;
    this.#rate = rate;
    for (const follower of this.#followers) follower();
  }

  /** From now on calls back when the rate was changed. */
  follow(callback: () => void): void {
    this.#followers.push(callback);
  }

  /** Sets the date forward, or back by a negative number. */
  jump(milliseconds: number): void {
    this.#ahead += milliseconds;
  }

  /** How long `delay` milliseconds of this clock take in true time. */
  toTrue(delay: number): number {
    return delay / this.#rate;
  }

  get #state(): { readonly now: number; readonly time: number } {
    const time = this.#time.now();
    // Exactly true time where nothing was changed.
    const passed = time - this.#since;
    return {
      now: this.#rate === 1 ? this.#shown + passed : this.#shown + passed * this.#rate,
      time,
    };
  }
}
