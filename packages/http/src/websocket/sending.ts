/** `send` and `sendStream` of a WebSocket: what is checked first, and when it is too late. */

import { LimitError, type Clock, type WaitOptions } from '@awaitio/core';
import {
  AsyncScope,
  budgetOf,
  checkWaitOptions,
  invalidInput,
  isBytes,
} from '@awaitio/core/lowlevel';
import { dropBody, type StreamedBody } from '../message/outgoing-body.ts';
import { socketClosed } from './end.ts';
import type { FragmentPlace } from './protocol/sender.ts';
import type { Session } from './session.ts';
import type { Message } from './streams/incoming-message.ts';
import { SentStream, type FragmentOutlet, type MessageSource } from './streams/sent-stream.ts';
import type { TurnHolder, Waiting } from './streams/waiting-message.ts';

const NOTHING = new Uint8Array(0);

class SessionOutlet implements FragmentOutlet {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  get clock(): Clock {
    return this.#session.parts.clock;
  }

  get closeLimit(): number {
    return this.#session.parts.deadlines.close;
  }

  get isClosing(): boolean {
    return this.#session.isClosing;
  }

  turn(holder: TurnHolder): Waiting {
    return this.#session.outbox.turn(holder);
  }

  endTurn(holder: TurnHolder): void {
    this.#session.outbox.endTurn(holder);
  }

  sendFragment(data: Message, place: FragmentPlace): Promise<void> | undefined {
    const { connection, outbox, watchdog } = this.#session;
    // What comes after that waits for the end of the connection.
    if (outbox.isStopped) return outbox.fragment(NOTHING);
    watchdog.message();
    return outbox.fragment(connection.sendMessage(data, place));
  }

  onCut(): void {
    this.#session.cutMessage();
  }
}

/** @param most - How many messages may wait */
export function sendOver(
  session: Session,
  message: Message,
  options: WaitOptions | undefined,
  most: number,
): Promise<void> {
  const budget = budgetOf(session.parts.clock);
  try {
    if (typeof message !== 'string' && !isBytes(message)) {
      throw invalidInput('send', 'message', 'a string or a Uint8Array', message);
    }
    checkWaitOptions('send', options);
    if (!session.isOpen) return refuse(session, 'send');
    checkPending(session, 'send', most);
    return session.outbox.send(message, options) ?? budget.pay(undefined);
  } catch (error) {
    return budget.fail(error);
  }
}

/** Sends a message that is produced meanwhile; ends its source on every way out. */
export function sendStreamOver(
  session: Session,
  source: MessageSource,
  options: WaitOptions | undefined,
): Promise<void> {
  const drop = (reason: unknown): void => {
    dropBody(source as StreamedBody, new AsyncScope(), reason);
  };
  let stream;
  try {
    checkWaitOptions('sendStream', options);
    if (!session.isOpen) {
      drop(socketClosed('sendStream'));
      return refuse(session, 'sendStream');
    }
    checkPending(session, 'sendStream', session.parts.limits.pendingSends);
    stream = new SentStream(new SessionOutlet(session), source, options);
  } catch (error) {
    drop(error);
    return budgetOf(session.parts.clock).fail(error);
  }
  return stream.send();
}

/** A send that is too late fails when the connection is closed, as those that waited do. */
async function refuse(session: Session, operation: string): Promise<never> {
  await session.whenTooLate();
  throw socketClosed(operation);
}

function checkPending({ outbox }: Session, operation: string, limit: number): void {
  if (outbox.waiting < limit) return;
  throw new LimitError(
    `${operation}: ${limit} messages wait for room; await each send, or raise \`limits.pendingSends\``,
    { code: 'ERR_LIMIT', operation, limitName: 'pendingSends', limit },
  );
}
