/** The one error of the PROXY protocol. */

import { RemoteProtocolError } from '../protocol/vocabulary/errors.ts';

/** @param what - What was found, in constant words: nothing of the header is repeated. */
export function malformed(what: string): RemoteProtocolError {
  return new RemoteProtocolError(`the PROXY header is malformed: ${what}`, 'ERR_PROXY_HEADER', 400);
}
