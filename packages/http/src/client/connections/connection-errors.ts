/** The errors with which a connection ends its request. */

import { BrokenError } from '@awaitio/core';

/** The server closed the connection, and no response had begun. */
export function endedEarly(): BrokenError {
  return new BrokenError('request: the server closed the connection before it answered', {
    code: 'ECONNRESET',
    operation: 'request',
  });
}

/** The caller gave up a response that was not complete. */
export function discarded(): BrokenError {
  return new BrokenError('discard: the response was discarded', {
    code: 'ERR_HTTP_DISCARDED',
    operation: 'discard',
  });
}

/** The client was closed while the request was in progress. */
export function clientClosed(): BrokenError {
  return new BrokenError('close: the client was closed, with this request in progress', {
    code: 'ERR_HTTP_CLIENT_CLOSED',
    operation: 'close',
  });
}
