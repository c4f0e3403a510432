/**
 * Protocol errors, by whose fault they are.
 *
 * `LocalProtocolError`: the application on this side broke the rules (a response twice, more bytes than it announced); nothing
 * wrong was sent. `RemoteProtocolError`: the peer broke them; `statusHint` is the status of a server's response. Messages are
 * constant sentences: they never repeat anything that a peer sent.
 */

/** The base of both. */
export class ProtocolError extends Error {
  override name = 'ProtocolError';
  /** A stable name of the cause, such as `ERR_HTTP_CONTENT_LENGTH`. */
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** The application tried to send something that HTTP does not allow now. */
export class LocalProtocolError extends ProtocolError {
  override name = 'LocalProtocolError';
}

/** The peer sent something that HTTP does not allow, or more than a limit. */
export class RemoteProtocolError extends ProtocolError {
  override name = 'RemoteProtocolError';
  /** The status of a server's response: 400, 413, 414, 417, 431, 501 or 505. */
  readonly statusHint: number;

  constructor(message: string, code: string, statusHint = 400) {
    super(message, code);
    this.statusHint = statusHint;
  }
}
