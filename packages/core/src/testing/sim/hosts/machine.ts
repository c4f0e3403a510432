/** A machine: what of a host outlasts its crashes, and its current life. */

import type { Clock } from '../../../vocabulary/clock.ts';
import { seededRandom, type Random } from '../../../vocabulary/random.ts';
import { Dial } from './dial.ts';
import type { MachineTime } from './host-clock.ts';
import { Life } from './life.ts';

/** What a machine needs of its network. */
export interface MachineOptions {
  readonly name: string;
  readonly time: MachineTime;
  /** The seed of the run. */
  readonly seed: number;
  readonly record: (event: string, subject: string, count: number) => void;
  /** A task of a program failed, and was not awaited. */
  readonly onTaskError: ((error: unknown, name: string) => void) | undefined;
  /** The clock of a life was made. */
  readonly onClock?: ((clock: Clock, host: string) => void) | undefined;
}

export class Machine {
  readonly #options: MachineOptions;
  readonly #dial: Dial;
  #lives = 0;
  #life: Life;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#dial = new Dial(options.time);
    this.#life = this.#begin();
  }

  /** The current life, or the last one. */
  get life(): Life {
    return this.#life;
  }

  /** The number of lives until now. */
  get lives(): number {
    return this.#lives;
  }

  get isUp(): boolean {
    return !this.#life.isOver;
  }

  /** Begins a new life. */
  start(): void {
    this.#life = this.#begin();
  }

  #begin(): Life {
    const { name, time, seed, record, onTaskError, onClock } = this.#options;
    this.#lives += 1;
    const number = this.#lives;
    return new Life({
      host: name,
      machine: this,
      time,
      dial: this.#dial,
      random: () => randomOf(seed, name, number),
      // A name that no host can have.
      chance: () => randomOf(seed, `${name}: chance`, number),
      record: (event, count) => {
        record(event, name, count);
      },
      onTaskError,
      onClock,
    });
  }
}

const PRIME = 0x01_00_01_93;
const TWO_32 = 0x1_0000_0000;

/** The random numbers of one life: no other life and no other host has a part in them. */
function randomOf(seed: number, name: string, life: number): Random {
  let low = Math.imul(seed | 0, PRIME) ^ life;
  let high = Math.imul(Math.floor(seed / TWO_32) | 0, PRIME) ^ Math.imul(life, 0x9e_37_79_b9);
  for (let at = 0; at < name.length; at += 1) {
    low = Math.imul(low ^ name.charCodeAt(at), PRIME);
    high = Math.imul(((high << 13) | (high >>> 19)) ^ low, PRIME);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85_eb_ca_6b);
  return seededRandom(((high ^ (high >>> 13)) & 0x1f_ff_ff) * TWO_32 + (low >>> 0));
}
