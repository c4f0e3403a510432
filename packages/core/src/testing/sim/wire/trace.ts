/**
 * The trace of a run: its last entries, for reading, and a hash of all of them, for comparing.
 *
 * The hash is two lanes of FNV-1a in 32-bit integer arithmetic, so that the same run gives the same sixteen digits on every
 * engine. It includes the bytes that were sent: two runs with the same timing and different contents differ.
 */

import { hexOf } from '../decisions/mixing.ts';
import { rules } from '../../../vocabulary/check.ts';
import { invalidInput } from '../../../vocabulary/errors.ts';

/** One entry of the trace. */
export interface TraceEntry {
  /** Milliseconds of virtual time. */
  readonly time: number;
  /** The event: `connect`, `data`, `fin`, `reset`, `timer`, `partition`, `crash`, a line of `sim.log`. */
  readonly event: string;
  /** Its subject: a host, a connection, a timer. */
  readonly subject: string;
  /** Its bytes, or the number of a timer. */
  readonly count: number;
}

/** A segment: what an entry of the trace says has arrived, or what is still on its way. */
export interface Delivery {
  /** What it is: `data`, `fin`, `reset`, `ack`. */
  readonly kind: string;
  /** `client:49153 → server:7` */
  readonly connection: string;
  /** Milliseconds of virtual time. */
  readonly sent: number;
  /** When it arrived; `undefined` when it has not. */
  readonly arrived: number | undefined;
  /** When a fault swallowed it. */
  readonly lost?: number;
  readonly size: number;
  /** Its bytes; `undefined` when they are no longer kept, or random. */
  readonly bytes: Uint8Array | undefined;
}

/** What a trace needs of a segment. */
type Sent = Pick<Delivery, 'kind' | 'sent'> & { readonly bytes: Uint8Array };

/** A copy for reports: a reader may change the bytes that it is given. */
export function deliveryOf(
  { kind, bytes, sent }: Sent,
  connection: string,
  plain: number,
  arrived: number | undefined,
): Delivery {
  const size = bytes.length;
  return { kind, connection, sent, arrived, size, bytes: plain < size ? undefined : bytes.slice() };
}

/** The bytes of segments that are kept for reports, of a run: the last ones. */
const KEPT_BYTES = 4_194_304;

/** The number of entries kept for reading; the hash covers all. */
const KEPT = 10_000;

const PRIME = 0x01_00_01_93;
const SECOND_PRIME = 0x85_eb_ca_6b;
/** Looked up once: in a test runner's sandbox, access to a global costs more than the multiplication. */
const { imul } = Math;

/** The marks of entries. */
const marksOf = new WeakMap<readonly TraceEntry[], readonly number[]>();

/**
 * Finds the first entry in which two traces differ, its bytes included.
 *
 * @returns Its index and whether only the bytes that it sent differ; `undefined` when the traces are equal as far as they are kept.
 */
export function firstDifference(
  first: readonly TraceEntry[],
  second: readonly TraceEntry[],
): { readonly at: number; readonly isInBytes: boolean } | undefined {
  const marks = [first, second].map((entries) => marksOf.get(entries) ?? []);
  for (let at = 0; at < Math.max(first.length, second.length); at += 1) {
    if (marks[0]?.[at] !== marks[1]?.[at] && at > 0 && at < first.length && at < second.length) {
      return { at: at - 1, isInBytes: true };
    }
    const [a, b] = [first[at], second[at]];
    const isSame =
      a?.time === b?.time &&
      a?.event === b?.event &&
      a?.subject === b?.subject &&
      a?.count === b?.count;
    if (!isSame) return { at, isInBytes: false };
  }
  return undefined;
}

export class Trace {
  #high = 0x81_1c_9d_c5 | 0;
  #low = 0x9e_37_79_b9 | 0;
  #entries: TraceEntry[] = [];
  #older: readonly TraceEntry[] = [];
  /** The state of the hash before each entry: where two of them part, a byte before differs. */
  #marks: number[] = [];
  #olderMarks: readonly number[] = [];
  readonly #now: () => number;
  #deliveries: Delivery[] = [];
  #olderDeliveries: readonly Delivery[] = [];
  #bytes = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  record(event: string, subject: string, count = 0): void {
    const time = this.#now();
    const mark = this.#high;
    this.#mix(Math.round(time * 1_000) | 0);
    this.#mixText(event);
    this.#mixText(subject);
    this.#mix(count | 0);
    if (this.#entries.length === KEPT) {
      this.#older = this.#entries;
      this.#entries = [];
      this.#olderMarks = this.#marks;
      this.#marks = [];
    }
    this.#entries.push({ time, event, subject, count });
    this.#marks.push(mark);
  }

  /** Adds bytes that were sent to the hash: the first `count` of them. */
  content(bytes: Uint8Array, count: number = bytes.length): void {
    let high = this.#high;
    let low = this.#low;
    for (let at = 0; at < count; at += 1) {
      const byte = bytes[at] as number;
      high = imul(high ^ byte, PRIME);
      low = imul(((low << 13) | (low >>> 19)) ^ byte, SECOND_PRIME);
    }
    this.#high = high;
    this.#low = low;
  }

  /** A segment has arrived. @param plain - So many of its bytes are no random ones. @returns how many were */
  arrived(segment: Sent, connection: string, plain: number): number {
    const { kind, bytes } = segment;
    this.record(kind, connection, bytes.length);
    const count = Math.min(plain, bytes.length);
    this.content(bytes, count);
    this.keep(deliveryOf(segment, connection, count, this.#now()));
    return count;
  }

  /** Keeps a segment that has arrived, for reports; the oldest go when their bytes are too many. */
  keep(segment: Delivery): void {
    this.#bytes += segment.bytes?.length ?? 0;
    if (this.#deliveries.length === KEPT || this.#bytes > KEPT_BYTES / 2) {
      this.#olderDeliveries = this.#deliveries;
      this.#deliveries = [];
      this.#bytes = segment.bytes?.length ?? 0;
    }
    this.#deliveries.push(segment);
  }

  /** A fault has swallowed the segment that was kept last, if it is of this connection. */
  lose(connection: string): void {
    const last = this.#deliveries.at(-1);
    const [from, to] = connection.split(' → ');
    if (last?.connection !== connection && last?.connection !== `${to} → ${from}`) return;
    this.#deliveries[this.#deliveries.length - 1] = {
      ...last,
      arrived: undefined,
      lost: this.#now(),
    };
  }

  /** The segments that are kept, in the order of their arrival. */
  get deliveries(): readonly Delivery[] {
    return [...this.#olderDeliveries, ...this.#deliveries];
  }

  /** Sixteen hexadecimal digits. */
  get hash(): string {
    return hexOf(this.#high) + hexOf(this.#low);
  }

  /** The last entries, at least 10,000 if there were so many; oldest first. */
  get entries(): readonly TraceEntry[] {
    const entries = this.#older.concat(this.#entries);
    marksOf.set(entries, this.#olderMarks.concat(this.#marks));
    return entries;
  }

  #mix(word: number): void {
    this.#high = imul(this.#high ^ word, PRIME);
    this.#low = imul(((this.#low << 13) | (this.#low >>> 19)) ^ word, SECOND_PRIME);
  }

  #mixText(text: string): void {
    for (let at = 0; at < text.length; at += 1) this.#mix(text.charCodeAt(at));
    this.#mix(-1);
  }
}

/** Formats entries for reading, one per line. @throws `InvalidInputError` */
export function formatTrace(entries: readonly TraceEntry[]): string {
  const given: unknown = entries;
  if (!Array.isArray(given) || !given.every((entry) => rules.object.accepts(entry))) {
    throw invalidInput('formatTrace', 'entries', 'the entries of a trace', entries);
  }
  return entries
    .map(({ time, event, subject, count }) => {
      const amount = count === 0 ? '' : ` ${count}`;
      return `${time.toFixed(3).padStart(12)} ms  ${event.padEnd(10)} ${subject}${amount}`;
    })
    .join('\n');
}
