/** Why a client got no WebSocket from a server that answered. */

import { ProtocolError } from '../protocol/vocabulary/errors.ts';

/** The server’s response did not open a WebSocket; the connection is closed. */
export class WebSocketHandshakeError extends ProtocolError {
  override name = 'WebSocketHandshakeError';
  /** The status of the response: 101 when it switched protocols, but not as RFC 6455 section 4.1 says. */
  readonly status: number;

  constructor(expected: string, status: number) {
    super(
      `connectWebSocket: expected ${expected}, got another response`,
      'ERR_WEBSOCKET_HANDSHAKE',
    );
    this.status = status;
  }
}
