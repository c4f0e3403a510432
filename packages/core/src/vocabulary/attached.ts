/**
 * Data about an object that another module has made, kept on that object.
 *
 * A `WeakMap` keeps nothing alive either. But the collector of V8's young objects takes every value in one for needed, so that a value which
 * refers to its key keeps both, and all that they refer to, until everything is collected. A private field is like any other field.
 */

/** A private field of objects of any class. */
export interface Attached<T> {
  /** What an object has in it. */
  of(owner: object): T | undefined;
  set(owner: object, value: T): void;
}

/** What `new` returns is the object that is given: fields of a class that extends this are put on it. */
// oxlint-disable-next-line typescript/no-extraneous-class -- only what a class returns gets the fields of those that extend it
class Itself {
  constructor(owner: object) {
    return owner;
  }
}

/** Makes a field. For few of them, each for many objects. */
export function attached<T>(): Attached<T> {
  /** Of objects that take no more fields. */
  const ofFrozen = new WeakMap<object, T>();
  class Field extends Itself {
    #value: T;

    constructor(owner: object, value: T) {
      super(owner);
      this.#value = value;
    }

    static of(owner: object): T | undefined {
      return #value in owner ? owner.#value : ofFrozen.get(owner);
    }

    static set(owner: object, value: T): void {
      if (#value in owner) owner.#value = value;
      else if (!Object.isExtensible(owner)) ofFrozen.set(owner, value);
      // oxlint-disable-next-line no-new -- it is the owner
      else new Field(owner, value);
    }
  }
  return Field;
}
