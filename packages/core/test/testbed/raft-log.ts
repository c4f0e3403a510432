/** What a member of a raft keeps on its disk: its term, its vote and its log. */

import type { Journal } from './journal.ts';

/** One entry of the log. */
export interface Entry {
  readonly term: number;
  readonly command: string;
}

export class RaftLog {
  readonly #journal: Journal;
  readonly #isCareless: boolean;
  readonly #entries: Entry[] = [];
  /** How many of the entries are on the disk for certain. */
  #synced: number;
  #changes = 0;
  #term = 0;
  #vote: string | undefined;

  /** @param isCareless - Whether entries are not synced: a planted bug. */
  constructor(journal: Journal, isCareless: boolean) {
    this.#journal = journal;
    this.#isCareless = isCareless;
    for (const line of journal.lines) {
      const [kind, first = '', second, ...rest] = line.split(' ');
      if (kind === 'term') {
        this.#term = Number(first);
        this.#vote = second === '-' ? undefined : second;
      } else if (kind === 'cut') {
        this.#entries.length = Number(first);
      } else {
        this.#entries.push({ term: Number(first), command: [second, ...rest].join(' ') });
      }
    }
    this.#synced = this.length;
  }

  /** The index of the last entry that a crash does not take. */
  get synced(): number {
    return this.#synced;
  }

  get term(): number {
    return this.#term;
  }

  get vote(): string | undefined {
    return this.#vote;
  }

  /** The number of entries, which is the index of the last: the first has index 1. */
  get length(): number {
    return this.#entries.length;
  }

  get lastTerm(): number {
    return this.termAt(this.length);
  }

  /** The term of an entry; 0 in front of the first, -1 behind the last. */
  termAt(index: number): number {
    return index === 0 ? 0 : (this.#entries[index - 1]?.term ?? -1);
  }

  at(index: number): Entry | undefined {
    return this.#entries[index - 1];
  }

  from(index: number): readonly Entry[] {
    return this.#entries.slice(index - 1);
  }

  async setTerm(term: number, vote: string | undefined, isKept = true): Promise<void> {
    this.#term = term;
    this.#vote = vote;
    await this.#journal.append(`term ${term} ${isKept ? (vote ?? '-') : '-'}`);
    await this.#journal.sync();
  }

  /** Adds entries behind `index`; what stands there and differs is cut off. In memory it is there before anything else can come. */
  async put(index: number, entries: readonly Entry[]): Promise<void> {
    const lines: string[] = [];
    let at = index;
    for (const entry of entries) {
      at += 1;
      if (this.termAt(at) === entry.term) continue;
      if (at <= this.length) {
        this.#entries.length = at - 1;
        this.#synced = Math.min(this.#synced, at - 1);
        lines.push(`cut ${at - 1}`);
      }
      this.#entries.push(entry);
      lines.push(`entry ${entry.term} ${entry.command}`);
    }
    const { length } = this;
    this.#changes += lines.length;
    const changes = this.#changes;
    const written = lines.map((line) => this.#journal.append(line));
    if (!this.#isCareless) written.push(this.#journal.sync());
    await Promise.all(written);
    // What came meanwhile is synced by its own call.
    if (this.#changes === changes) this.#synced = length;
  }
}
