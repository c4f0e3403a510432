/** The decisions of a run that are not calm, as numbers: text is made of them only when they are read. */

import { KIND_NAMES, KINDS, type DecisionKind } from './kinds.ts';

/** One choice of a run that differs from what a calm world does. */
export interface Decision {
  /** Its subject, its kind, and how many of that kind came before: `client:49153 → server:7 / split / 3`. */
  readonly key: string;
  /** What was chosen: a whole number, whose meaning depends on the kind. Times are in microseconds. */
  readonly value: number;
}

/** The most decisions of a run that are kept. A run with more of them has to be replayed by its seed. */
export const MAX_DECISIONS = 1_000_000;

const FIELDS = 3;

/** The number of a place, within its subject. */
export function placeNumber(kind: number, ordinal: number): number {
  return ordinal * KINDS + kind;
}

export class DecisionLog {
  readonly #subjects: string[] = [];
  readonly #fields: number[] = [];
  #limit = MAX_DECISIONS * FIELDS;

  /** @returns The number of a subject. */
  add(subject: string): number {
    return this.#subjects.push(subject) - 1;
  }

  record(subject: number, place: number, value: number): void {
    if (this.#fields.length < this.#limit) this.#fields.push(subject, place, value);
  }

  /** The run has ended: what is decided from now on, while its program is cleared away, is none of it. */
  seal(): void {
    this.#limit = 0;
  }

  get size(): number {
    return this.#fields.length / FIELDS;
  }

  read(): readonly Decision[] {
    const decisions: Decision[] = [];
    const fields = this.#fields;
    for (let at = 0; at < fields.length; at += FIELDS) {
      const [subject = 0, place = 0, value = 0] = fields.slice(at, at + FIELDS);
      const kind = KIND_NAMES[place % KINDS];
      const key = `${this.#subjects[subject]} / ${kind} / ${Math.floor(place / KINDS)}`;
      decisions.push(Object.freeze({ key, value }));
    }
    return Object.freeze(decisions);
  }
}

/** The parts of a key. */
export interface DecisionPlace {
  readonly subject: string;
  readonly kind: DecisionKind;
  readonly ordinal: number;
}

/** Reads a key; `undefined` when it is none. */
export function placeOf(key: string): DecisionPlace | undefined {
  const [, subject, name, ordinal] = /^(.+) \/ ([^/]+) \/ (\d+)$/.exec(key) ?? [];
  const kind = KIND_NAMES.indexOf(name ?? '');
  if (subject === undefined || kind === -1) return undefined;
  return { subject, kind: kind as DecisionKind, ordinal: Number(ordinal) };
}
