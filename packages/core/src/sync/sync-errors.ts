/** The errors of this room that several files make. */

import { ClosedError, LimitError } from '../vocabulary/errors.ts';

/** The other side of a channel is gone: what is sent would reach no one. */
export function receiverClosed(operation: string): ClosedError {
  return new ClosedError(`${operation}: the receiving side of this channel was closed`, {
    code: 'ERR_CHANNEL_CLOSED',
    operation,
  });
}

/** The handle itself was closed. */
export function handleClosed(
  operation: string,
  handle: 'sender' | 'receiver' | 'permit',
): ClosedError {
  return new ClosedError(`${operation}: this ${handle} was closed by this side`, {
    code: 'ERR_HANDLE_CLOSED',
    operation,
  });
}

/** A semaphore was closed: no call acquires from it any more. */
export function semaphoreClosed(operation: string, subject: string): ClosedError {
  return new ClosedError(`${operation}: this ${subject} was closed`, {
    code: 'ERR_SEMAPHORE_CLOSED',
    operation,
  });
}

/** A receiver of a broadcast was too slow: `missed` values were overwritten before it took them. */
export class LagError extends LimitError {
  override name = 'LagError';
  /** How many values it missed; the next call gets the oldest that is still there. */
  readonly missed: number;

  constructor(operation: string, missed: number, capacity: number) {
    super(
      `${operation}: ${missed} values were overwritten before this receiver took them; receive more often, or raise \`capacity\``,
      { code: 'ERR_LAGGED', operation, limitName: 'capacity', limit: capacity },
    );
    this.missed = missed;
  }
}
