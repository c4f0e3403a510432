/**
 * What one end wrote and the other read, byte by byte.
 *
 * Every byte follows from its position, so a flow needs to remember only two numbers: how many bytes were accepted from the
 * writer, and how many the reader was given. The bytes are ASCII with line ends in them, so that they can be read as
 * lines too.
 */

/** A prime, so that bytes moved by a power of two do not look right. */
const PERIOD = 65_521;
const { imul } = Math;
const TABLE = Uint8Array.from({ length: 10 * PERIOD }, (_, place) => {
  const mixed = imul((place % PERIOD) + 1, 0x9e_37_79_b1) >>> 8;
  if (mixed % 29 === 0) return 10;
  return mixed % 31 === 0 ? 13 : 32 + (mixed % 95);
});

/** The bytes of every flow from one place on, at most half a million. */
export function bytesFrom(place: number, length: number): Uint8Array {
  const start = place % PERIOD;
  return TABLE.slice(start, start + length);
}

const byteAt = (place: number): number => TABLE[place % PERIOD] ?? 0;

/** One direction of a connection. */
export class Flow {
  /** The progress that each write reported. */
  readonly #writes: { accepted: number }[] = [];
  /** How many bytes the reader was given. */
  taken = 0;
  /** Why bytes may be missing at the end, if they may. */
  isCut = false;

  /** How many bytes the writer's stream accepted. */
  get accepted(): number {
    let sum = 0;
    for (const { accepted } of this.#writes) sum += accepted;
    return sum;
  }

  /** A write begins: returns where its bytes begin, and the progress to hand to it. */
  begin(): { place: number; progress: { accepted: number } } {
    const place = this.accepted;
    const progress = { accepted: 0 };
    this.#writes.push(progress);
    return { place, progress };
  }

  /** Bytes were read: they have to be the next ones, and to have been written. */
  take(bytes: Uint8Array): void {
    this.compare(bytes);
    this.taken += bytes.length;
  }

  /** A line was read, without its end. */
  takeLine(line: string, isLast: boolean): void {
    let end = this.taken;
    while (end < this.accepted && byteAt(end) !== 10) end += 1;
    const whole = bytesFrom(this.taken, Math.min(end + 1, this.accepted) - this.taken);
    const hasEnd = byteAt(end) === 10 && end < this.accepted;
    if (!hasEnd && !isLast) throw new Error(`a line without an end at byte ${this.taken}`);
    const text = Buffer.from(whole).toString('latin1');
    const expected = hasEnd ? text.replace(/\r?\n$/, '') : text;
    if (line === expected) {
      this.taken += whole.length;
    } else if (this.isCut && isLast && text.startsWith(line)) {
      // Where a connection may be cut without a word, the line that it was cut in looks like the last.
      this.taken += line.length;
    } else {
      throw new Error(`the line at byte ${this.taken} is not as written`);
    }
  }

  /** Expects bytes to be the next ones, and leaves them there. */
  compare(bytes: Uint8Array): void {
    const expected = bytesFrom(this.taken, bytes.length);
    if (Buffer.compare(bytes, expected) !== 0) {
      const at = bytes.findIndex((byte, index) => byte !== expected[index]);
      throw new Error(`byte ${this.taken + at} is not as written`);
    }
    if (this.taken + bytes.length > this.accepted) {
      throw new Error(`${this.taken + bytes.length} bytes came of ${this.accepted} written`);
    }
  }
}
