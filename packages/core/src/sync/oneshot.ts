/** A channel for one value, after tokio's `oneshot`: the answer to a request that another task handles. */

import { BusyError, ClosedError } from '../vocabulary/errors.ts';
import { WOULD_BLOCK, type WouldBlock } from '../vocabulary/would-block.ts';
import { checkWaitOptions, type WaitOptions } from '../waiting/waiter.ts';
import { handleClosed } from './sync-errors.ts';
import { checkParts, WaitQueue, type SyncOptions, type SyncParts } from './wait-queue.ts';

/** How far it is; a value lives only in `sent`. */
type OneshotPhase<T> =
  | { readonly kind: 'open' }
  | { readonly kind: 'sent'; readonly value: T }
  | { readonly kind: 'taken' }
  | { readonly kind: 'senderClosed' };

/** What the two ends share. */
export class OneshotState<T> {
  readonly parts: SyncParts;
  readonly receives: WaitQueue<T>;
  readonly closing: WaitQueue<void>;
  phase: OneshotPhase<T> = { kind: 'open' };
  isReceiverClosed = false;

  constructor(parts: SyncParts) {
    this.parts = parts;
    this.receives = new WaitQueue(parts);
    this.closing = new WaitQueue(parts);
  }

  /** The error of a receiving call that can get no value. */
  error(operation: string): ClosedError {
    const { kind } = this.phase;
    if (kind === 'open') return handleClosed(operation, 'receiver');
    const why =
      kind === 'taken' ? 'its value was taken already' : 'its sender was closed, and sent nothing';
    return new ClosedError(`${operation}: nothing comes from this oneshot: ${why}`, {
      code: 'ERR_CHANNEL_CLOSED',
      operation,
    });
  }
}

/** The end of a {@link oneshot} that sends. */
export class OneshotSender<T> {
  readonly #state: OneshotState<T>;

  constructor(state: OneshotState<T>) {
    this.#state = state;
  }

  /** Whether the receiver was closed: what is sent reaches no one. */
  get isClosed(): boolean {
    return this.#state.isReceiverClosed;
  }

  /**
   * Sends the value; never waits.
   *
   * @returns Whether the receiver was open and got it.
   * @throws `ClosedError` when this sender has sent or was closed.
   */
  send(value: T): boolean {
    const state = this.#state;
    if (state.phase.kind !== 'open') throw handleClosed('send', 'sender');
    if (state.isReceiverClosed) {
      this.close();
      return false;
    }
    const waiter = state.receives.first;
    state.phase = waiter === undefined ? { kind: 'sent', value } : { kind: 'taken' };
    if (waiter !== undefined) state.receives.grant(waiter, value);
    return true;
  }

  /**
   * Waits until the receiver is closed: for a task that can stop preparing the value. A cancelled call changes nothing.
   *
   * @throws `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  closed(options?: WaitOptions): Promise<void> {
    const { closing, isReceiverClosed } = this.#state;
    return closing.until('closed', isReceiverClosed, undefined, options);
  }

  /** Gives up sending: the receiver fails with `ClosedError`. Does nothing after `send`. Idempotent. */
  close(): void {
    const state = this.#state;
    if (state.phase.kind !== 'open') return;
    state.phase = { kind: 'senderClosed' };
    state.receives.failAll((operation) => state.error(operation));
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The end of a {@link oneshot} that receives. */
export class OneshotReceiver<T> {
  readonly #state: OneshotState<T>;

  constructor(state: OneshotState<T>) {
    this.#state = state;
  }

  /** Whether nothing can be received: the value was taken, or none will come. */
  get isTerminated(): boolean {
    const { phase, isReceiverClosed } = this.#state;
    return phase.kind === 'open' ? isReceiverClosed : phase.kind !== 'sent';
  }

  /**
   * Waits for the value.
   *
   * A cancelled call takes nothing, and the receiver stays open.
   *
   * @param options - `signal` cancels the call; `timeout` limits it, in milliseconds (default: no limit).
   * @throws `ClosedError` when the sender was closed without sending, the value was taken, or this receiver was closed
   * before the value came; `BusyError` while another call waits; `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  receive(options?: WaitOptions): Promise<T> {
    const state = this.#state;
    try {
      checkWaitOptions('receive', options);
      if (state.receives.size > 0) {
        throw new BusyError(
          'receive: another task waits for this oneshot; only one can get the value',
          {
            code: 'EBUSY',
            operation: 'receive',
          },
        );
      }
      if (this.isTerminated) throw state.error('receive');
    } catch (error) {
      return state.parts.budget.fail(error);
    }
    const { phase } = state;
    if (phase.kind !== 'sent') return state.receives.wait('receive', state.parts.clock, options);
    state.phase = { kind: 'taken' };
    return state.parts.budget.pay(phase.value);
  }

  /** Takes the value if it is there. @throws `ClosedError` as {@link OneshotReceiver.receive} */
  tryReceive(): T | WouldBlock {
    const { phase } = this.#state;
    if (phase.kind === 'sent') {
      this.#state.phase = { kind: 'taken' };
      return phase.value;
    }
    if (this.isTerminated) throw this.#state.error('tryReceive');
    return WOULD_BLOCK;
  }

  /** Takes no value any more, except one that was sent before; a pending `receive` fails with `ClosedError`. Idempotent. */
  close(): void {
    const state = this.#state;
    if (state.isReceiverClosed) return;
    state.isReceiverClosed = true;
    state.receives.failAll((operation) => state.error(operation));
    if (state.phase.kind === 'open') state.closing.grantAll(undefined);
  }

  /** Closes it, and drops a value that was not taken. */
  [Symbol.dispose](): void {
    this.close();
    if (this.#state.phase.kind === 'sent') this.#state.phase = { kind: 'taken' };
  }
}

/**
 * Makes a channel for one value.
 *
 * @returns Its two ends.
 * @throws `InvalidInputError` for a wrong option.
 *
 * @example
 * ```ts
 * import { defaultExecutor } from '@awaitio/core';
 * import { channel, oneshot, type OneshotSender } from '@awaitio/core/sync';
 *
 * interface Question {
 *   readonly n: number;
 *   readonly answer: OneshotSender<number>;
 * }
 * const [questions, inbox] = channel<Question>({ capacity: 8 });
 * const squarer = defaultExecutor.spawn(async () => {
 *   for await (const { n, answer } of inbox) answer.send(n * n);
 * });
 * const [answer, receiver] = oneshot<number>();
 * await questions.send({ n: 7, answer });
 * console.log(await receiver.receive({ timeout: 1_000 })); // 49
 * questions.close();
 * await squarer;
 * ```
 */
export function oneshot<T>(
  options?: SyncOptions,
): [sender: OneshotSender<T>, receiver: OneshotReceiver<T>] {
  const state = new OneshotState<T>(checkParts('oneshot', 'oneshot', options));
  return [new OneshotSender(state), new OneshotReceiver(state)];
}
