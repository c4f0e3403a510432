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

  /** Adds entries behind `index`; what stands there and differs is cut off. */
  async put(index: number, entries: readonly Entry[]): Promise<void> {
    let at = index;
    for (const entry of entries) {
      at += 1;
      if (this.termAt(at) === entry.term) continue;
      if (at <= this.length) {
        this.#entries.length = at - 1;
        await this.#journal.append(`cut ${at - 1}`);
      }
      this.#entries.push(entry);
      await this.#journal.append(`entry ${entry.term} ${entry.command}`);
    }
    if (!this.#isCareless) await this.#journal.sync();
  }
}
