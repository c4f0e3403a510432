/**
 * Received datagrams, and the tasks that wait for one.
 *
 * UDP has no flow control: there is no window to close, and Node cannot leave datagrams in the kernel. So the queue is
 * bounded, in number and in bytes, and what arrives when it is full is dropped and counted, as in the kernel's own buffer.
 * The oldest are kept: a slow reader reads in order and finds the gap afterwards.
 */

import type { InetAddress } from '../../vocabulary/address.ts';
import { budgetOf } from '../../waiting/budget.ts';
import type { Clock } from '../../vocabulary/clock.ts';
import type { ClosedError, IoError } from '../../vocabulary/errors.ts';
import { WOULD_BLOCK, type WouldBlock } from '../../vocabulary/would-block.ts';
import { WaiterList, type WaitInfo, type WaitOptions } from '../../waiting/waiter.ts';

const DEFAULT_MAX_DATAGRAMS = 1_024;
const DEFAULT_MAX_BYTES = 1_048_576;

/** A datagram that was received. */
export interface Datagram {
  /** The bytes; the receiver owns them. May be empty. */
  readonly data: Uint8Array;
  /** The source address of the packet, which can be forged. */
  readonly from: InetAddress;
}

export class DatagramQueue {
  readonly #clock: Clock;
  readonly #maxDatagrams: number;
  readonly #maxBytes: number;
  #datagrams: Datagram[] = [];
  /** The index of the next one: taken ones are removed now and then, not each time. */
  #first = 0;
  #bytes = 0;
  readonly #receives = new WaiterList<Datagram>();
  readonly #readable = new WaiterList<void>();
  /** The error that the next receive throws. */
  #failure: IoError | undefined;
  received = 0;
  dropped = 0;

  constructor(clock: Clock, maxDatagrams: number | undefined, maxBytes: number | undefined) {
    this.#clock = clock;
    this.#maxDatagrams = maxDatagrams ?? DEFAULT_MAX_DATAGRAMS;
    this.#maxBytes = maxBytes ?? DEFAULT_MAX_BYTES;
  }

  get length(): number {
    return this.#datagrams.length - this.#first;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get failure(): IoError | undefined {
    return this.#failure;
  }

  get isReadable(): boolean {
    return this.length > 0 || this.#failure !== undefined;
  }

  /** A datagram arrived: it goes to the task that has waited longest, or into the queue, or is dropped. */
  push(datagram: Datagram): void {
    const wait = this.#receives.first;
    if (wait !== undefined) {
      this.received += 1;
      wait.resolve(datagram);
      return;
    }
    const { length } = datagram.data;
    if (this.length >= this.#maxDatagrams || this.#bytes + length > this.#maxBytes) {
      this.dropped += 1;
      return;
    }
    this.received += 1;
    this.#datagrams.push(datagram);
    this.#bytes += length;
    this.#readable.resolveAll();
  }

  /** The operating system reported an error: the next receive throws it, once. */
  fail(error: IoError): void {
    const wait = this.#receives.first;
    if (wait === undefined) this.#failure = error;
    else wait.reject(error);
    this.#readable.resolveAll();
  }

  tryReceive(): Datagram | WouldBlock {
    if (this.#failure !== undefined) {
      const failure = this.#failure;
      this.#failure = undefined;
      throw failure;
    }
    const datagram = this.#datagrams[this.#first];
    if (datagram === undefined) return WOULD_BLOCK;
    this.#first += 1;
    this.#bytes -= datagram.data.length;
    if (this.#first * 2 >= this.#datagrams.length) {
      this.#datagrams = this.#datagrams.slice(this.#first);
      this.#first = 0;
    }
    return datagram;
  }

  /** @throws as {@link DatagramQueue.tryReceive}. */
  receive(options: WaitOptions | undefined): Promise<Datagram> {
    try {
      const datagram = this.tryReceive();
      if (datagram !== WOULD_BLOCK) return budgetOf(this.#clock).pay(datagram);
    } catch (error) {
      return budgetOf(this.#clock).fail(error);
    }
    return this.#receives.wait('recvFrom', this.#clock, options);
  }

  readable(options: WaitOptions | undefined): Promise<void> {
    if (this.isReadable) return budgetOf(this.#clock).pay(undefined);
    return this.#readable.wait('readable', this.#clock, options);
  }

  /** Drops all datagrams and rejects all waits. */
  close(error: (operation: string) => ClosedError): void {
    this.#datagrams = [];
    this.#first = 0;
    this.#bytes = 0;
    this.#failure = undefined;
    this.#receives.rejectAll(error('recvFrom'));
    this.#readable.rejectAll(error('readable'));
  }

  describe(now: number, into: WaitInfo[]): void {
    this.#receives.describe(now, into);
    this.#readable.describe(now, into);
  }
}
