/**
 * Members that come and go, oldest first: each carries its own links.
 *
 * Not a `Set`. V8's is a table that it replaces when removed entries fill it, thousands of times in an hour where connections come and
 * go. A replaced table keeps its last members and a reference to its successor. Once one is in the old generation, every later
 * table and all that was in it survive each minor collection, until a major one: a fifth of all that a server allocates for
 * connections with one request, copied twice. The links of a removed member are cleared, so it keeps nothing.
 */

/** What a list needs of its members, which belong to one list at a time. */
export interface ListMember<Member> {
  /** The member before it, while it is listed. Only its list sets it. */
  older: Member | undefined;
  /** The member behind it, while it is listed. Only its list sets it. */
  newer: Member | undefined;
}

/** The members, in the order in which they were added; adding and removing take constant time. */
export class MemberList<Member extends ListMember<Member>> implements Iterable<Member> {
  #oldest: Member | undefined;
  #newest: Member | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a member that is in no list, as the newest. */
  add(member: Member): void {
    member.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = member;
    else this.#newest.newer = member;
    this.#newest = member;
    this.#size += 1;
  }

  /** Removes a member of this list; does nothing with what is in no list. */
  remove(member: Member): void {
    const { older, newer } = member;
    if (older === undefined && this.#oldest !== member) return;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    member.older = undefined;
    member.newer = undefined;
    this.#size -= 1;
  }

  clear(): void {
    while (this.#oldest !== undefined) this.remove(this.#oldest);
  }

  /** The members at the time of the call: a loop may add and remove any. */
  [Symbol.iterator](): Iterator<Member> {
    const members: Member[] = [];
    for (let member = this.#oldest; member !== undefined; member = member.newer) {
      members.push(member);
    }
    return members.values();
  }
}
