/** What a watch does, in the fewest words: the reference that random programs are compared with. */

/** A `changed` that the model has not answered yet. */
interface Pending {
  readonly id: number;
  readonly until: number;
}

interface Receiver {
  /** The version that it has seen; -1 for none. */
  seen: number;
  isOpen: boolean;
  waits: Pending[];
}

/** The answer to a call. */
export type WatchAnswer = boolean | number | string;

export class WatchModel {
  readonly answers = new Map<number, WatchAnswer>();
  value: number;
  readonly #senders = new Set([0]);
  readonly #receivers: Receiver[] = [{ seen: 0, isOpen: true, waits: [] }];
  #version = 0;
  #now = 0;

  constructor(value: number) {
    this.value = value;
  }

  /** Which receivers have a value that they have not seen. */
  get changes(): readonly boolean[] {
    return this.#receivers.map(({ seen }) => seen !== this.#version);
  }

  /** A value for the receivers there are; with none it is not kept. */
  send(by: number, value: number): WatchAnswer {
    if (!this.#senders.has(by)) return 'ClosedError';
    if (!this.#receivers.some(({ isOpen }) => isOpen)) return false;
    this.#set(value);
    return true;
  }

  /** A value that is kept in any case. */
  replace(by: number, value: number): WatchAnswer {
    if (!this.#senders.has(by)) return 'ClosedError';
    const before = this.value;
    this.#set(value);
    return before;
  }

  clone(from: number, as: number): WatchAnswer {
    if (!this.#senders.has(from)) return 'ClosedError';
    this.#senders.add(as);
    return 'made';
  }

  subscribe(by: number): WatchAnswer {
    if (!this.#senders.has(by)) return 'ClosedError';
    this.#receivers.push({ seen: this.#version, isOpen: true, waits: [] });
    return 'made';
  }

  cloneReceiver(at: number): WatchAnswer {
    const { seen } = this.#receivers.at(at) as Receiver;
    this.#receivers.push({ seen, isOpen: true, waits: [] });
    return 'made';
  }

  changed(id: number, at: number, until: number): void {
    const receiver = this.#receivers.at(at) as Receiver;
    if (!receiver.isOpen) this.answers.set(id, 'ClosedError');
    else if (receiver.seen !== this.#version) {
      receiver.seen = this.#version;
      this.answers.set(id, true);
    } else if (this.#senders.size === 0) this.answers.set(id, false);
    else receiver.waits.push({ id, until });
  }

  markChanged(at: number): void {
    const receiver = this.#receivers.at(at) as Receiver;
    receiver.seen = -1;
    this.#wake(receiver, true);
  }

  markUnchanged(at: number): void {
    (this.#receivers.at(at) as Receiver).seen = this.#version;
  }

  abort(id: number): void {
    this.#drop((call) => call.id === id, 'aborted');
  }

  advance(time: number): void {
    this.#now += time;
    this.#drop(({ until }) => until <= this.#now, 'TimeoutError');
  }

  closeSender(at: number): void {
    if (!this.#senders.delete(at) || this.#senders.size > 0) return;
    for (const receiver of this.#receivers) this.#wake(receiver, false);
  }

  closeReceiver(at: number): void {
    const receiver = this.#receivers.at(at) as Receiver;
    receiver.isOpen = false;
    for (const { id } of receiver.waits.splice(0)) this.answers.set(id, 'ClosedError');
  }

  #set(value: number): void {
    this.value = value;
    this.#version += 1;
    for (const receiver of this.#receivers) this.#wake(receiver, true);
  }

  /** Answers every call that waits; a receiver without any notes nothing. */
  #wake(receiver: Receiver, answer: boolean): void {
    if (receiver.waits.length === 0) return;
    receiver.seen = this.#version;
    for (const { id } of receiver.waits.splice(0)) this.answers.set(id, answer);
  }

  #drop(ends: (call: Pending) => boolean, answer: WatchAnswer): void {
    for (const receiver of this.#receivers) {
      for (const call of receiver.waits.filter(ends)) this.answers.set(call.id, answer);
      receiver.waits = receiver.waits.filter((call) => !ends(call));
    }
  }
}
