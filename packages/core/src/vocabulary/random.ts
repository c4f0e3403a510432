/**
 * Randomness as a value that is passed in, so that a run can be repeated from its seed.
 *
 * The seeded generator is sfc32 (Chris Doty-Humphrey's Small Fast Counter, 128 bits of state): 32-bit integer
 * arithmetic only, so every JavaScript engine produces the same numbers.
 */

import { invalidInput } from './errors.ts';

/** A source of random numbers. */
export interface Random {
  /** A number from 0 up to, but not including, 1. */
  next(): number;
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  /** `true` with the given probability: 0 never, 1 always. */
  chance(probability: number): boolean;
}

abstract class RandomBase implements Random {
  abstract next(): number;

  integer(min: number, max: number): number {
    checkNumber('integer', 'min', min);
    checkNumber('integer', 'max', max);
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    checkNumber('chance', 'probability', probability);
    return probability > 0 && this.next() < probability;
  }
}

class SystemRandom extends RandomBase {
  override next(): number {
    return Math.random();
  }
}

class SeededRandom extends RandomBase {
  #a = 0;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    super();
    this.#b = seed | 0;
    this.#c = Math.floor(seed / 0x1_0000_0000) | 0;
    // The first outputs still show the seed's shape; sfc32's author discards this many.
    for (let warmUp = 0; warmUp < 12; warmUp += 1) this.next();
  }

  override next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 0x1_0000_0000;
  }
}

/** The platform's generator; not for secrets. */
export const systemRandom: Random = new SystemRandom();

/**
 * Makes a generator that produces the same numbers for the same seed, on every machine.
 *
 * @param seed - A whole number from 0 to `Number.MAX_SAFE_INTEGER`.
 *
 * @example
 * ```ts
 * import { seededRandom } from '@awaitio/core';
 *
 * const dice = seededRandom(42);
 * console.log(dice.integer(1, 6), dice.integer(1, 6));
 * ```
 */
export function seededRandom(seed: number): Random {
  checkNumber('seededRandom', 'seed', seed);
  return new SeededRandom(seed);
}

function checkNumber(operation: string, name: string, value: number): void {
  if (typeof value !== 'number' || Number.isNaN(value)) {
    throw invalidInput(operation, name, 'a number', value);
  }
}
