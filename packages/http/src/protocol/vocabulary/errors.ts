/**
 * Protocol errors, by whose fault they are.
 *
 * `LocalProtocolError`: the program that uses this side broke the rules (a response twice, more bytes than it
 * announced); nothing wrong was sent. `RemoteProtocolError`: the peer broke them; `statusHint` is the status that a
 * server answers with. Messages are constant sentences: nothing that a peer sent is ever repeated in them.
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

/** This side asked for something that HTTP does not allow now. */
export class LocalProtocolError extends ProtocolError {
  override name = 'LocalProtocolError';
}

/** The peer sent something that HTTP does not allow, or more than a limit. */
export class RemoteProtocolError extends ProtocolError {
  override name = 'RemoteProtocolError';
  /** The status that a server answers with: 400, 413, 414, 417, 431, 501 or 505. */
  readonly statusHint: number;

  constructor(message: string, code: string, statusHint = 400) {
    super(message, code);
    this.statusHint = statusHint;
  }
}
