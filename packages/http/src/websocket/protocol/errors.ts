/** What a peer did that RFC 6455, or a limit, does not allow. */

import { RemoteProtocolError } from '../../protocol/vocabulary/errors.ts';
import { CloseCode } from './close-codes.ts';

/**
 * The peer broke the protocol, or a limit of this side: the connection is closed with `closeCode`.
 *
 * `code` is a stable name of the cause, such as `ERR_WEBSOCKET_UTF8`. The message never repeats what the peer sent.
 */
export class WebSocketError extends RemoteProtocolError {
  override name = 'WebSocketError';
  /** The code of the close frame that this side sends: 1002, 1007, 1008 or 1009. */
  readonly closeCode: number;
  /** The limit that was exceeded, if that is what happened. */
  readonly limitName: string | undefined;
  readonly limit: number | undefined;

  constructor(
    message: string,
    code: string,
    closeCode: number = CloseCode.PROTOCOL_ERROR,
    limit?: { readonly name: string; readonly value: number },
  ) {
    super(message, code);
    this.closeCode = closeCode;
    this.limitName = limit?.name;
    this.limit = limit?.value;
  }
}

/** A named limit was exceeded. */
export function limitExceeded(
  what: string,
  name: string,
  value: number,
  closeCode: number,
): WebSocketError {
  return new WebSocketError(
    `expected ${what} of at most ${value}, got more; raise \`limits.${name}\` if the peer may send it`,
    'ERR_WEBSOCKET_LIMIT',
    closeCode,
    { name, value },
  );
}
