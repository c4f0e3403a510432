/**
 * What random programs over channels with many senders and receivers have in common: ends that are cloned and closed, calls
 * that are aborted, time that passes; each step is taken on the channel and on its model, and both have to answer alike.
 */

import { deepEqual, equal } from 'node:assert/strict';
import type { ManualClock } from '../../src/testing/index.ts';
import { Calls, settledNow } from './calls.ts';

interface Sender<R, S> {
  clone(): S;
  subscribe(): R;
  close(): void;
}

interface Model {
  readonly answers: ReadonlyMap<number, unknown>;
  advance(time: number): void;
  abort(id: number): void;
  clone(from: number, as: number): unknown;
  subscribe(by: number): unknown;
  closeSender(at: number): void;
  closeReceiver(at: number): void;
}

/** The steps of {@link ChannelPlayer.take}. */
type CommonStep = 'subscribe' | 'clone' | 'closeSender' | 'closeReceiver' | 'abort' | 'advance';

export class ChannelPlayer<S extends Sender<R, S>, R extends { close(): void }> {
  readonly calls = new Calls();
  readonly senders: S[];
  readonly receivers: R[];
  readonly #clock: ManualClock;
  readonly #model: Model;
  readonly #compareState: () => void;

  /** @param compareState - Compares what the ends and the model say of themselves. */
  constructor(
    ends: readonly [S, R],
    model: Model,
    clock: ManualClock,
    compareState: (player: ChannelPlayer<S, R>) => void,
  ) {
    this.senders = [ends[0]];
    this.receivers = [ends[1]];
    this.#model = model;
    this.#clock = clock;
    this.#compareState = () => compareState(this);
  }

  /** Takes a step on both. `by` and `at` are the sender and the receiver that it is about. */
  async take(kind: CommonStep, which: number, by: number, at: number): Promise<void> {
    const sender = this.senders.at(by) as S;
    switch (kind) {
      case 'subscribe': {
        const made = settledNow(() => (this.receivers.push(sender.subscribe()), 'made'));
        this.same(made, this.#model.subscribe(by));
        break;
      }
      case 'clone': {
        const made = settledNow(() => (this.senders.push(sender.clone()), 'made'));
        const as = this.senders.length - (made === 'made' ? 1 : 0);
        this.same(made, this.#model.clone(by, as));
        break;
      }
      case 'closeSender':
        sender.close();
        this.#model.closeSender(by);
        break;
      case 'closeReceiver':
        (this.receivers.at(at) as R).close();
        this.#model.closeReceiver(at);
        break;
      case 'abort':
        this.#model.abort(this.calls.abort(which));
        break;
      case 'advance':
        await this.#compare(1 + (which % 5));
    }
  }

  same(actual: unknown, expected: unknown): void {
    equal(actual, expected);
  }

  /** Closes all senders: then every call settles, and no timer is left. */
  async end(): Promise<void> {
    for (const [by, sender] of this.senders.entries()) {
      sender.close();
      this.#model.closeSender(by);
    }
    await this.#compare(0);
    equal(this.calls.answers.size, this.calls.count);
    equal(this.#clock.pending, 0);
  }

  async #compare(time: number): Promise<void> {
    await this.#clock.advance(time);
    this.#model.advance(time);
    deepEqual(new Map(this.calls.answers), new Map(this.#model.answers));
    this.#compareState();
  }
}
