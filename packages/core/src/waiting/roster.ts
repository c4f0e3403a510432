/**
 * Lists of what exists, for those who look at a running process: an inspector, metrics.
 *
 * A roster holds its members weakly, so being listed keeps nothing alive, and what is collected disappears. What is paid is one
 * weak reference when a member is made; nothing is paid while it works.
 */

/** What exists of one kind, each member with how it is shown. */
export class Roster<View> implements Iterable<View> {
  readonly #members = new Set<() => View | undefined>();
  #collected: FinalizationRegistry<() => View | undefined> | undefined;
  #lastId = 0;

  /**
   * Lists a member until it is collected.
   *
   * @param member - It is held weakly.
   * @param view - Shows the member; it must not refer to it. `id` counts the members from 1.
   */
  add<Member extends object>(member: Member, view: (member: Member, id: number) => View): void {
    this.#lastId += 1;
    const id = this.#lastId;
    const held = new WeakRef(member);
    const look = (): View | undefined => {
      const found = held.deref();
      return found === undefined ? undefined : view(found, id);
    };
    this.#collected ??= new FinalizationRegistry((gone) => {
      this.#members.delete(gone);
    });
    this.#members.add(look);
    this.#collected.register(member, look);
  }

  /** The views of the members that exist, oldest first. */
  *[Symbol.iterator](): Iterator<View> {
    for (const look of this.#members) {
      const view = look();
      if (view !== undefined) yield view;
    }
  }
}
