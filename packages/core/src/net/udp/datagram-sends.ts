/**
 * Datagrams being sent, and the tasks that wait to send.
 *
 * A datagram counts as unsent from when it is passed to Node until Node reports that the kernel has it, which may take a
 * name lookup. Below the high-water mark the next one may go. Datagrams are never split, so the last one may exceed the
 * mark. Waiting tasks send in order.
 */

import type { InetAddress } from '../../vocabulary/address.ts';
import { budgetOf } from '../../waiting/budget.ts';
import type { Clock } from '../../vocabulary/clock.ts';
import type { ClosedError } from '../../vocabulary/errors.ts';
import { translateError } from '../../vocabulary/translate-error.ts';
import { ListedWaiter, WaiterList, type WaitInfo, type WaitOptions } from '../../waiting/waiter.ts';

const DEFAULT_WRITE_MARK = 65_536;

/** A datagram and its destination: `undefined` for the peer that the socket is connected to. */
export interface Outgoing {
  readonly bytes: Uint8Array;
  readonly to: InetAddress | undefined;
}

/** Passes a datagram to Node, which calls back when the kernel has taken or refused it. */
export type Pass = (datagram: Outgoing, passed: (error?: Error | null) => void) => void;

/** A send that waits for room. */
interface Blocked {
  readonly wait: ListedWaiter<number>;
  readonly datagram: Outgoing;
}

export class DatagramSends {
  readonly #clock: Clock;
  readonly #highWaterMark: number;
  readonly #pass: Pass;
  /** Called when there is room. */
  readonly #onRoom: () => void;
  readonly #writable = new WaiterList<void>();
  readonly #sends = new WaiterList<number>();
  #blocked: Blocked[] = [];
  #isClosed = false;
  unsent = 0;
  sent = 0;
  failed = 0;

  constructor(clock: Clock, highWaterMark: number | undefined, pass: Pass, onRoom: () => void) {
    this.#clock = clock;
    this.#highWaterMark = highWaterMark ?? DEFAULT_WRITE_MARK;
    this.#pass = pass;
    this.#onRoom = onRoom;
  }

  get isWritable(): boolean {
    return this.unsent < this.#highWaterMark;
  }

  writable(options: WaitOptions | undefined): Promise<void> {
    if (this.isWritable) return budgetOf(this.#clock).pay(undefined);
    return this.#writable.wait('writable', this.#clock, options);
  }

  /** Sends as soon as there is room. @returns How many bytes the kernel took. */
  send(operation: string, datagram: Outgoing, options: WaitOptions | undefined): Promise<number> {
    const wait = new ListedWaiter<number>(operation, this.#clock, options);
    this.#sends.add(wait);
    const refill = budgetOf(this.#clock).spend();
    if (refill === undefined && this.#blocked.length === 0 && this.isWritable) {
      this.#start({ wait, datagram });
      return wait.promise;
    }
    this.#blocked.push({ wait, datagram });
    // Nothing else may come to send it: Node calls back for most datagrams before the event loop turns.
    if (refill !== undefined) void refill.then(this.#drain);
    return wait.promise;
  }

  /** Sends at once, regardless of the mark; the result only appears in the counters. */
  post(datagram: Outgoing): void {
    this.#dispatch(datagram, () => undefined);
  }

  close(error: (operation: string) => ClosedError): void {
    this.#isClosed = true;
    this.#blocked = [];
    this.#writable.rejectAll(error('writable'));
    this.#sends.rejectAll(error('sendTo'));
  }

  describe(now: number, into: WaitInfo[]): void {
    this.#sends.describe(now, into);
    this.#writable.describe(now, into);
  }

  #start({ wait, datagram }: Blocked): void {
    this.#dispatch(datagram, (error) => {
      if (error === undefined) wait.resolve(datagram.bytes.length);
      else wait.reject(translateError(error, wait.operation));
    });
  }

  #dispatch(datagram: Outgoing, settled: (error: Error | undefined) => void): void {
    const { length } = datagram.bytes;
    this.unsent += length;
    const passed = (error?: Error | null): void => {
      this.unsent -= length;
      if (error === null || error === undefined) this.sent += 1;
      else this.failed += 1;
      settled(error ?? undefined);
      this.#drain();
    };
    try {
      this.#pass(datagram, passed);
    } catch (error) {
      passed(translateError(error, 'sendTo'));
    }
  }

  /** There is room: the task that has waited longest sends first; cancelled ones do not send. */
  readonly #drain = (): void => {
    if (this.#isClosed) return;
    while (this.isWritable) {
      const blocked = this.#blocked.shift();
      if (blocked === undefined) break;
      if (blocked.wait.owner !== undefined) this.#start(blocked);
    }
    if (!this.isWritable) return;
    this.#writable.resolveAll();
    this.#onRoom();
  };
}
