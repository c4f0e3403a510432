/** What is under way: a span each, counted in the gauge of active requests from its beginning to its end. */

import type { Attributes, Context, Span } from '@opentelemetry/api';
import type { Instruments } from './instruments.ts';

/** What is kept of something under way. */
export interface Begun {
  readonly span: Span;
  readonly context: Context;
  /** Of metrics: what is known from the beginning. */
  readonly attributes: Attributes;
}

export class UnderWay<Trace, Entry extends Begun> {
  readonly #active: Instruments['active'];
  readonly #entries = new Map<Trace, Entry>();

  constructor({ active }: Instruments) {
    this.#active = active;
  }

  begin(trace: Trace, entry: Entry): void {
    this.#entries.set(trace, entry);
    this.#active.add(1, entry.attributes);
  }

  /** Takes out what has ended; its span is the caller's to end. `undefined` for what began before, or after `stop`. */
  take(trace: Trace): Entry | undefined {
    const entry = this.#entries.get(trace);
    if (entry === undefined) return undefined;
    this.#entries.delete(trace);
    this.#active.add(-1, entry.attributes);
    return entry;
  }

  /** Nothing is counted from now on: what is under way is not active any more, and its spans end here. */
  stop(): void {
    for (const { span, attributes } of this.#entries.values()) {
      this.#active.add(-1, attributes);
      span.end();
    }
    this.#entries.clear();
  }
}
