/** What raft promises, checked over all members: one leader a term, and one entry an index once it is committed. */

import { check } from './protocol.ts';
import type { Entry } from './raft-log.ts';

export class Promises {
  readonly #leaders = new Map<number, string>();
  readonly committed: Entry[] = [];

  lead(term: number, name: string): void {
    const other = this.#leaders.get(term) ?? name;
    check(other === name, `two members lead in term ${term}\n${other} and ${name}`);
    this.#leaders.set(term, name);
  }

  commit(index: number, entry: Entry, name: string): void {
    const known = (this.committed[index - 1] ??= entry);
    check(
      known.term === entry.term && known.command === entry.command,
      `two entries are committed as number ${index}\n${known.command}, and for ${name} ${entry.command}`,
    );
  }
}
