/**
 * Lists of what exists, for those who look at a running process: an inspector, metrics.
 *
 * A roster holds its members weakly, so being listed keeps nothing alive, and what is collected disappears. What is paid is one
 * weak reference when a member is made; nothing is paid while it works.
 */

/** So many references are kept at least before those of collected members are dropped. */
const SWEEP_FROM = 64;

/** What exists of one kind, each member with how it is shown. */
export class Roster<View> implements Iterable<View> {
  readonly #members = new Set<WeakRef<object>>();
  /**
   * Apart, and by member: functions made in one call share what they close over, so a view made in a constructor refers to its
   * member when any other function made there does. Kept here, it keeps nothing alive all the same.
   */
  readonly #views = new WeakMap<object, () => View>();
  #lastId = 0;
  #sweepAt = SWEEP_FROM;

  /**
   * Lists a member until it is collected.
   *
   * @param member - It is held weakly.
   * @param view - Shows the member. `id` counts the members from 1.
   */
  add<Member extends object>(member: Member, view: (member: Member, id: number) => View): void {
    this.#lastId += 1;
    const id = this.#lastId;
    const held = new WeakRef(member);
    if (this.#members.size >= this.#sweepAt) this.#sweep();
    this.#members.add(held);
    this.#views.set(member, () => view(member, id));
  }

  /** The views of the members that exist, oldest first. */
  *[Symbol.iterator](): Iterator<View> {
    for (const held of this.#members) {
      const member = held.deref();
      const view = member === undefined ? undefined : this.#views.get(member);
      if (view !== undefined) yield view();
    }
  }

  /** Drops the references of what was collected. A finalization registry would do it too, and costs more than all the rest. */
  #sweep(): void {
    for (const held of this.#members) if (held.deref() === undefined) this.#members.delete(held);
    this.#sweepAt = Math.max(SWEEP_FROM, 2 * this.#members.size);
  }
}
