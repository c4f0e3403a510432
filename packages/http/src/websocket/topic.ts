/**
 * `Topic`: what is published goes to every WebSocket that has joined, in one process.
 *
 * A topic keeps its newest messages once, for all members; each member sends at its own pace, one message after another, and
 * is a receiver of core’s `broadcast`. So a slow member costs no more memory: it misses the older messages, and the
 * policy says what becomes of it then.
 */

import { ClosedError, type Clock } from '@awaitio/core';
import {
  AsyncScope,
  checkOptions,
  containResult,
  failureOf,
  invalidInput,
  isBytes,
  isThenable,
  outsideScopes,
  rules,
  stderrSink,
  type OptionTable,
} from '@awaitio/core/lowlevel';
import {
  broadcast,
  LagError,
  type BroadcastReceiver,
  type BroadcastSender,
} from '@awaitio/core/sync';
import type { Message } from './streams/incoming-message.ts';
import { CloseCode } from './protocol/close-codes.ts';
import { deliver, sessionOf, WebSocket } from './web-socket.ts';

/** Options of a {@link Topic}. */
export interface TopicOptions {
  /** How many messages are kept for slow members, a whole number from 1. @default 64 */
  readonly capacity?: number | undefined;
  /**
   * What becomes of a member that has missed messages, as soon as it takes one again: `'close'` closes it with 1008; a function gets their number, and returns what the
   * member is sent in their place, or nothing. A function that fails closes the member with 1011. @default 'close'
   */
  readonly onLag?: 'close' | ((missed: number) => Message | undefined | void) | undefined;
  /** The clock whose budget pays for what is passed on. @default the system’s */
  readonly clock?: Clock | undefined;
}

const TOPIC_OPTIONS: OptionTable<TopicOptions> = {
  capacity: rules.whole(1),
  onLag: {
    expected: "'close' or a function",
    accepts: (value) => value === 'close' || typeof value === 'function',
  },
  clock: rules.clock,
};

const CAPACITY = 64;

/** What is passed on, and the member that does not get it. */
interface Published {
  readonly message: Message;
  readonly except: WebSocket | undefined;
}

let publishTo: typeof publishExcept;

/**
 * Passes messages on to every WebSocket that has joined.
 *
 * @example
 * ```ts
 * import { serve } from '@awaitio/http';
 * import { connectWebSocket, Topic, webSocket } from '@awaitio/http/websocket';
 *
 * const news = new Topic();
 * const server = await serve(
 *   async (request, context) => {
 *     const socket = await webSocket(request, context);
 *     news.join(socket);
 *     for await (const message of socket) news.publish(message);
 *   },
 *   { port: 0 },
 * );
 * const [ada, bob] = [await connectWebSocket(server.url), await connectWebSocket(server.url)];
 * await ada.send('hello, all');
 * console.log(await bob.receive()); // hello, all
 * await ada.close();
 * await bob.close();
 * await server.shutdown();
 * ```
 */
export class Topic {
  readonly #sender: BroadcastSender<Published>;
  readonly #members = new Map<WebSocket, BroadcastReceiver<Published>>();
  readonly #onLag: NonNullable<TopicOptions['onLag']>;
  /** `onLag` belongs to no request. */
  readonly #scope = new AsyncScope();

  static {
    publishTo = (topic, message, except) => topic.#sender.send({ message, except });
  }

  /** @throws `InvalidInputError` for a wrong option */
  constructor(options: TopicOptions = {}) {
    checkOptions('Topic', options, TOPIC_OPTIONS);
    const { capacity = CAPACITY, clock } = options;
    const [sender, receiver] = broadcast<Published>({ capacity, clock });
    receiver.close();
    this.#sender = sender;
    this.#onLag = options.onLag ?? 'close';
  }

  /** How many members there are. */
  get size(): number {
    return this.#members.size;
  }

  /**
   * Sends a message to every member that there is now; never waits.
   *
   * @param message - Text, or bytes, which must not be changed any more.
   * @returns How many members will get it, if they are fast enough.
   * @throws `InvalidInputError` for something else.
   */
  publish(message: Message): number {
    if (typeof message !== 'string' && !isBytes(message)) {
      throw invalidInput('publish', 'message', 'a string or a Uint8Array', message);
    }
    return this.#sender.send({ message, except: undefined });
  }

  /**
   * Lets a WebSocket have what is published from now on, until it is closed or leaves. One that has joined stays as it is.
   *
   * @param socket - Its own sends go on as before: each message is whole, between those of the topic.
   * @throws `InvalidInputError` for something else.
   */
  join(socket: WebSocket): void {
    checkSocket('join', socket);
    if (this.#members.has(socket) || !socket.isOpen) return;
    const receiver = this.#sender.subscribe();
    this.#members.set(socket, receiver);
    void outsideScopes(() => this.#pass(socket, receiver));
    void socket.closed.then(() => {
      this.leave(socket);
    });
  }

  /** Lets a WebSocket have nothing any more; it stays open. Does nothing for one that has not joined. @throws `InvalidInputError` */
  leave(socket: WebSocket): void {
    checkSocket('leave', socket);
    const receiver = this.#members.get(socket);
    if (receiver === undefined) return;
    this.#members.delete(socket);
    receiver.close();
  }

  async #pass(socket: WebSocket, receiver: BroadcastReceiver<Published>): Promise<void> {
    try {
      for (;;) {
        const message = await this.#next(socket, receiver);
        if (message === null) break;
        if (message !== undefined) await deliver(socket, message, undefined);
      }
    } catch (error) {
      // It has left, or its connection has ended, which `closed` of the WebSocket says.
      if (!(error instanceof ClosedError) && socket.isOpen) socket.reset(error);
    }
    this.leave(socket);
  }

  /** @returns `null` when it gets no more, `undefined` when there is nothing to send now. */
  async #next(
    socket: WebSocket,
    receiver: BroadcastReceiver<Published>,
  ): Promise<Message | null | undefined> {
    try {
      const published = await receiver.receive();
      if (published === null) return null;
      return published.except === socket ? undefined : published.message;
    } catch (error) {
      if (!(error instanceof LagError)) throw error;
      return this.#lagged(socket, error.missed);
    }
  }

  #lagged(socket: WebSocket, missed: number): Message | null | undefined {
    if (this.#onLag === 'close') {
      sessionOf(socket).close(CloseCode.POLICY_VIOLATION, 'too slow', 'policy');
      return null;
    }
    try {
      const message: unknown = this.#scope.run(this.#onLag, missed);
      if (isThenable(message)) containResult('onLag', message, stderrSink);
      if (message === undefined || typeof message === 'string' || isBytes(message)) return message;
      throw invalidInput('onLag', 'onLag()', 'a string, a Uint8Array or nothing', message);
    } catch (error) {
      stderrSink.onCallbackFailure(failureOf(error, 'onLag'), 'onLag');
      sessionOf(socket).close(CloseCode.INTERNAL_ERROR, 'onLag failed', 'policy');
      return null;
    }
  }
}

/** Publishes to every member but one: for libraries in which the sender does not get what it sends. */
export function publishExcept(topic: Topic, message: Message, except: WebSocket): number {
  return publishTo(topic, message, except);
}

function checkSocket(operation: string, socket: unknown): void {
  if (socket instanceof WebSocket) return;
  throw invalidInput(operation, 'socket', 'a WebSocket', socket);
}
