/** What the calls of a closed listener fail with. */

import { ClosedError } from '../vocabulary/errors.ts';

/** The error of a call after this side closed the listener. */
export function closedError(operation: string): ClosedError {
  return new ClosedError(`${operation}: this listener was closed by this side`, {
    code: 'ERR_LISTENER_CLOSED',
    operation,
  });
}
