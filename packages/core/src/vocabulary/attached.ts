/**
 * Data about an object that another module has made, kept on that object.
 *
 * A `WeakMap` keeps nothing alive either. But the collector of V8's young objects takes every value in one for needed, so that a value which
 * refers to its key keeps both, and all that they refer to, until everything is collected. So a class with many short-lived objects
 * makes room in them: a private field.
 */

/** What `new` returns is the object that is given: fields of a class that extends this are put on it. */
// oxlint-disable-next-line typescript/no-extraneous-class -- only what a class returns gets the fields of those that extend it
class Itself {
  constructor(owner: object) {
    return owner;
  }
}

class Room extends Itself {
  readonly #values: unknown[] = [];

  static of(owner: object): unknown[] | undefined {
    return #values in owner ? owner.#values : undefined;
  }
}

/** Gives an object room for what will be attached to it. To be called once, in its constructor. */
export function makeRoom(owner: object): void {
  // oxlint-disable-next-line no-new -- it is the owner
  new Room(owner);
}

let count = 0;

/** One value of each object, as a `WeakMap` has. */
export class Attached<T> {
  readonly #index = count;
  /** Of objects without room. */
  readonly #others = new WeakMap<object, T>();

  constructor() {
    count += 1;
  }

  of(owner: object): T | undefined {
    const room = Room.of(owner);
    return room === undefined ? this.#others.get(owner) : (room[this.#index] as T | undefined);
  }

  set(owner: object, value: T): void {
    const room = Room.of(owner);
    if (room === undefined) this.#others.set(owner, value);
    else room[this.#index] = value;
  }
}
