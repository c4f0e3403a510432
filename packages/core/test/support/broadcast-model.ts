/** What a broadcast does, in the fewest words: the reference that random programs are compared with. */
import type { Answer } from './channel-model.ts';

/** A `receive` that the model has not answered yet. */
interface Pending {
  readonly id: number;
  readonly until: number;
}

interface Receiver {
  /** The position of the next value. */
  next: number;
  isOpen: boolean;
  waits: Pending[];
}

export class BroadcastModel {
  readonly answers = new Map<number, Answer>();
  readonly #capacity: number;
  readonly #senders = new Set([0]);
  readonly #receivers: Receiver[] = [{ next: 0, isOpen: true, waits: [] }];
  readonly #sent: number[] = [];
  #now = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get #oldest(): number {
    return Math.max(0, this.#sent.length - this.#capacity);
  }

  get #open(): readonly Receiver[] {
    return this.#receivers.filter(({ isOpen }) => isOpen);
  }

  /** How many values each receiver has not taken. */
  get sizes(): readonly number[] {
    return this.#receivers.map(({ isOpen, next }) => (isOpen ? this.#sent.length - next : 0));
  }

  /** How many values some receiver has not taken, and may still take. */
  get size(): number {
    const firsts = this.#open.map(({ next }) => Math.max(next, this.#oldest));
    return this.#sent.length - Math.min(this.#sent.length, ...firsts);
  }

  send(by: number, value: number): Answer {
    if (!this.#senders.has(by)) return 'ClosedError';
    const open = this.#open;
    if (open.length === 0) return 0;
    this.#sent.push(value);
    for (const receiver of open) {
      const first = receiver.waits.shift();
      if (first === undefined) continue;
      receiver.next += 1;
      this.answers.set(first.id, value);
    }
    return open.length;
  }

  clone(from: number, as: number): Answer {
    if (!this.#senders.has(from)) return 'ClosedError';
    this.#senders.add(as);
    return 'made';
  }

  subscribe(by: number): Answer {
    return this.#senders.has(by) ? this.resubscribe() : 'ClosedError';
  }

  resubscribe(): Answer {
    this.#receivers.push({ next: this.#sent.length, isOpen: true, waits: [] });
    return 'made';
  }

  receive(id: number, at: number, until: number): void {
    const answer = this.tryReceive(at);
    if (answer === 'empty') this.#receivers[at]?.waits.push({ id, until });
    else this.answers.set(id, answer);
  }

  tryReceive(at: number): Answer {
    const receiver = this.#receivers.at(at) as Receiver;
    if (!receiver.isOpen) return 'ClosedError';
    const missed = this.#oldest - receiver.next;
    if (missed > 0) {
      receiver.next = this.#oldest;
      return `missed ${missed}`;
    }
    if (receiver.next === this.#sent.length) return this.#senders.size === 0 ? null : 'empty';
    receiver.next += 1;
    return this.#sent[receiver.next - 1];
  }

  abort(id: number): void {
    this.#drop((call) => call.id === id, 'aborted');
  }

  advance(time: number): void {
    this.#now += time;
    this.#drop(({ until }) => until <= this.#now, 'TimeoutError');
  }

  closeSender(at: number): void {
    if (this.#senders.delete(at) && this.#senders.size === 0) this.#drop(() => true, null);
  }

  closeReceiver(at: number): void {
    const receiver = this.#receivers.at(at) as Receiver;
    receiver.isOpen = false;
    for (const { id } of receiver.waits.splice(0)) this.answers.set(id, 'ClosedError');
  }

  #drop(ends: (call: Pending) => boolean, answer: Answer): void {
    for (const receiver of this.#receivers) {
      for (const call of receiver.waits.filter(ends)) this.answers.set(call.id, answer);
      receiver.waits = receiver.waits.filter((call) => !ends(call));
    }
  }
}
