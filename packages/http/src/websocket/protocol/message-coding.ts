/**
 * What an extension makes of the payloads of messages: the seam between the frames and permessage-deflate (RFC 7692).
 *
 * A message that is coded has the first reserved bit on its first frame. Both halves keep state from message to message, so they
 * see the messages in the order of the wire, and hold memory that only `close` gives back at once.
 */

/** Gets a piece of what was decoded, which is valid only during the call. */
export type TakePiece = (piece: Uint8Array) => void;

/** Decodes what comes in. */
export interface MessageDecoder {
  /** Decodes bytes of a message. @throws `WebSocketError`, as `take` may */
  push(bytes: Uint8Array, take: TakePiece): void;
  /** The message is complete. @throws `WebSocketError`, as `take` may */
  end(take: TakePiece): void;
  /** Gives back what it holds; nothing may be pushed any more. Idempotent. */
  close(): void;
}

/** Codes what goes out. */
export interface MessageEncoder {
  /** Whether a message of so many bytes is to be coded. */
  wants(size: number): boolean;
  /** Codes a message, or its next fragment. */
  encode(data: Uint8Array, isFinal: boolean): Uint8Array;
  /** Gives back what it holds; nothing may be encoded any more. Idempotent. */
  close(): void;
}

/** Both directions of a connection. */
export interface MessageCoding {
  readonly decoder: MessageDecoder;
  readonly encoder: MessageEncoder;
}
