/** What a channel does, in the fewest words: the reference that random programs are compared with. */

/** A call that the model has not answered yet. */
interface Pending {
  readonly id: number;
  readonly until: number;
  readonly sender: number;
  /** What it sends; `undefined` for a reservation. */
  readonly value?: number | undefined;
}

/** The answer to a call: a value, `null`, `undefined`, the name of an error, or the reason of an abort. */
export type Answer = number | string | null | undefined;

export class ChannelModel {
  readonly answers = new Map<number, Answer>();
  now = 0;
  readonly #capacity: number;
  readonly #open = new Set([0]);
  readonly #queue: number[] = [];
  #reserved = 0;
  #isClosed = false;
  #sends: Pending[] = [];
  #receives: Pending[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get pending(): number {
    return this.#sends.length + this.#receives.length;
  }

  get size(): number {
    return this.#queue.length;
  }

  /** A send, or without a value a reservation. */
  take(id: number, sender: number, value: number | undefined, until: number): void {
    if (!this.#open.has(sender) || this.#isClosed) this.answers.set(id, 'ClosedError');
    else if (this.#isFull) this.#sends.push({ id, sender, value, until });
    else this.#grant(id, value);
  }

  trySend(sender: number, value: number): Answer {
    if (!this.#open.has(sender) || this.#isClosed) return 'ClosedError';
    if (this.#isFull) return 'full';
    this.#queue.push(value);
    return 'sent';
  }

  /** A permit is used, or given back. */
  usePermit(value: number | undefined): void {
    this.#reserved -= 1;
    if (value !== undefined) this.#queue.push(value);
    this.#refill();
  }

  receive(id: number, until: number): void {
    const answer = this.tryReceive();
    if (answer === 'empty') this.#receives.push({ id, until, sender: -1 });
    else this.answers.set(id, answer);
  }

  tryReceive(): Answer {
    // What is there already is for those that wait already.
    if (this.#queue.length > this.#receives.length) return this.#takeFirst();
    return this.#hasEnded ? null : 'empty';
  }

  abort(id: number): void {
    this.#drop((call) => call.id === id, 'aborted');
  }

  clone(from: number, as: number): Answer {
    if (!this.#open.has(from)) return 'ClosedError';
    this.#open.add(as);
    return 'cloned';
  }

  closeSender(sender: number): void {
    this.#open.delete(sender);
    this.#drop((call) => call.sender === sender, 'ClosedError');
    this.deliver();
  }

  closeReceiver(): void {
    this.#isClosed = true;
    this.#drop((call) => call.sender >= 0, 'ClosedError');
    this.deliver();
  }

  /** What a turn of promise reactions does: values go to those that wait. */
  deliver(): void {
    while (this.#queue.length > 0 && this.#receives.length > 0) {
      const { id } = this.#receives.shift() as Pending;
      this.answers.set(id, this.#takeFirst());
    }
    if (this.#hasEnded) this.#drop((call) => call.sender < 0, null);
  }

  advance(time: number): void {
    this.deliver();
    this.now += time;
    this.#drop((call) => call.until <= this.now, 'TimeoutError');
  }

  get #isFull(): boolean {
    return this.#queue.length + this.#reserved >= this.#capacity;
  }

  get #hasEnded(): boolean {
    const isFinished = this.#isClosed || this.#open.size === 0;
    return this.#queue.length === 0 && this.#reserved === 0 && isFinished;
  }

  #takeFirst(): number {
    const value = this.#queue.shift() as number;
    this.#refill();
    return value;
  }

  #grant(id: number, value: number | undefined): void {
    if (value === undefined) this.#reserved += 1;
    else this.#queue.push(value);
    this.answers.set(id, value === undefined ? 'permit' : undefined);
  }

  #refill(): void {
    while (!this.#isFull && this.#sends.length > 0) {
      const { id, value } = this.#sends.shift() as Pending;
      this.#grant(id, value);
    }
  }

  #drop(has: (call: Pending) => boolean, answer: Answer): void {
    for (const call of [...this.#sends, ...this.#receives]) {
      if (has(call)) this.answers.set(call.id, answer);
    }
    this.#sends = this.#sends.filter((call) => !has(call));
    this.#receives = this.#receives.filter((call) => !has(call));
  }
}
