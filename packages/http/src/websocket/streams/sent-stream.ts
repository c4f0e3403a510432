/**
 * A message that is produced while it is sent: each piece is a fragment.
 *
 * Its source has one owner, and is ended on every way out. A message of which a part is sent cannot be taken back: when the source
 * fails, or the call is cancelled, the WebSocket closes with 1011, so that the peer does not take the part for the whole.
 */

import { TimeoutError, type Clock, type Timer, type WaitOptions } from '@awaitio/core';
import {
  AsyncScope,
  budgetOf,
  failureOf,
  invalidInput,
  isBytes,
  isThenable,
  Waiter,
} from '@awaitio/core/lowlevel';
import { OutgoingBody, type StreamedBody } from '../../message/outgoing-body.ts';
import type { FragmentPlace } from '../protocol/sender.ts';
import type { Message } from './incoming-message.ts';
import type { TurnHolder, Waiting } from './waiting-message.ts';

/** What a message is made of while it is sent: pieces of text, or of bytes. */
export type MessageSource =
  | AsyncIterable<Message>
  | Iterable<Message>
  | ReadableStream<Uint8Array>
  | ReadableStream<string>;

/** What sends the fragments. */
export interface FragmentOutlet {
  readonly clock: Clock;
  /** How long a source may give nothing once this side closes, in milliseconds. */
  readonly closeLimit: number;
  /** Whether this side closes, after this message. */
  readonly isClosing: boolean;
  turn(holder: TurnHolder): Pick<Waiting, 'promise' | 'reject'>;
  endTurn(holder: TurnHolder): void;
  sendFragment(data: Message, place: FragmentPlace): Promise<void> | undefined;
  /** The rest of the message will not be sent. */
  onCut(): void;
}

/** The most bytes, or characters, of a fragment: a longer piece is cut. */
const FRAGMENT = 65_536;

const EMPTY = new Uint8Array(0);

export class SentStream implements TurnHolder {
  readonly #outlet: FragmentOutlet;
  readonly #body: OutgoingBody;
  readonly #giveUp: Waiter<void>;
  #hasBegun = false;
  /** Of its first piece. */
  #kind: 'text' | 'bytes' | undefined;
  /** The first half of a character whose second half comes with the next piece. */
  #half = '';
  /** Why it ends early. */
  #end: { readonly reason: unknown } | undefined;
  #onQuit: ((reason: unknown) => void) | undefined;
  #timer: Timer | undefined;
  #isWaitingForSource = false;

  /** @throws `InvalidInputError` for what is no source; `IoError` for one that was read before; what it throws itself */
  constructor(outlet: FragmentOutlet, source: MessageSource, options: WaitOptions | undefined) {
    if (!isSource(source)) {
      const expected =
        'an iterable of strings or bytes, or a ReadableStream; `send` takes a whole message';
      throw invalidInput('sendStream', 'source', expected, source);
    }
    this.#outlet = outlet;
    this.#body = new OutgoingBody(source as StreamedBody, new AsyncScope());
    this.#giveUp = new Waiter<void>('sendStream', outlet.clock, options);
  }

  /** Sends it. */
  async send(): Promise<void> {
    this.#giveUp.promise.catch((reason: unknown) => {
      this.#quit(reason);
    });
    try {
      const turn = this.#outlet.turn(this);
      this.#onQuit = turn.reject.bind(turn);
      await turn.promise;
      await this.#sendPieces();
    } catch (reason) {
      const error = failureOf(reason, 'sendStream');
      this.#body.end(error);
      if (this.#hasBegun) this.#outlet.onCut();
      throw error;
    } finally {
      this.#timer?.cancel();
      this.#onQuit = undefined;
      this.#giveUp.resolve();
      this.#outlet.endTurn(this);
    }
  }

  /** The connection has ended. */
  onEnd(error: unknown): void {
    this.#quit(error);
  }

  /** This side closes: a source that gives nothing for long is not waited for. */
  onClosing(): void {
    if (this.#isWaitingForSource) this.#arm();
  }

  #quit(reason: unknown): void {
    this.#end ??= { reason };
    this.#onQuit?.(reason);
  }

  #arm(): void {
    const { clock, closeLimit } = this.#outlet;
    this.#timer?.cancel();
    if (closeLimit === Infinity) return;
    this.#timer = clock.setTimer(() => {
      this.#quit(new TimeoutError('deadlines.close', closeLimit));
    }, closeLimit);
  }

  async #sendPieces(): Promise<void> {
    const budget = budgetOf(this.#outlet.clock);
    for (;;) {
      const result = await this.#next();
      if (result.done === true) break;
      for (const fragment of this.#fragments(result.value)) {
        await this.#orQuit(this.#fragment(fragment, false) ?? budget.spend());
      }
    }
    // Half a character is none: it becomes U+FFFD, as in `send`.
    await this.#orQuit(
      this.#fragment(this.#kind === 'text' ? this.#half : EMPTY, true) ?? budget.spend(),
    );
  }

  async #next(): Promise<IteratorResult<unknown, unknown>> {
    const next = this.#body.next();
    if (!isThenable(next)) return this.#body.check(next as IteratorResult<Message>);
    this.#isWaitingForSource = true;
    if (this.#outlet.isClosing) this.#arm();
    const result = await this.#orQuit(next as Promise<IteratorResult<Message>>);
    this.#isWaitingForSource = false;
    this.#timer?.cancel();
    return this.#body.check(result);
  }

  /** Waits for work, or for the end of the call, whichever comes first. */
  #orQuit<T>(work: PromiseLike<T> | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#onQuit = reject;
      if (this.#end !== undefined) reject(this.#end.reason);
      if (work === undefined) resolve(undefined as T);
      else work.then(resolve, reject);
    });
  }

  #fragment(data: Message, isFinal: boolean): Promise<void> | undefined {
    if (this.#end !== undefined) throw this.#end.reason;
    const isFirst = !this.#hasBegun;
    this.#hasBegun = true;
    return this.#outlet.sendFragment(data, { isFirst, isFinal });
  }

  /** The fragments of a piece; none for an empty one. */
  *#fragments(piece: unknown): Generator<Message, void> {
    if (typeof piece !== 'string' && !isBytes(piece)) {
      throw invalidInput('sendStream', 'piece', 'a string or a Uint8Array', piece);
    }
    const kind = typeof piece === 'string' ? 'text' : 'bytes';
    this.#kind ??= kind;
    if (kind !== this.#kind) {
      const expected = `${this.#kind === 'text' ? 'a string' : 'a Uint8Array'}, as the pieces before`;
      throw invalidInput('sendStream', 'piece', expected, piece);
    }
    if (typeof piece !== 'string') {
      for (let at = 0; at < piece.length; at += FRAGMENT) yield piece.subarray(at, at + FRAGMENT);
      return;
    }
    const text = this.#half + piece;
    let at = 0;
    while (at < text.length) {
      const most = Math.min(text.length, at + FRAGMENT);
      const end = isHighSurrogate(text.charCodeAt(most - 1)) ? most - 1 : most;
      if (end === at) break;
      yield text.slice(at, end);
      at = end;
    }
    this.#half = text.slice(at);
  }
}

function isSource(source: unknown): boolean {
  if (typeof source !== 'object' || source === null || isBytes(source)) return false;
  return [Symbol.asyncIterator, Symbol.iterator, 'getReader'].some((name) => name in source);
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
