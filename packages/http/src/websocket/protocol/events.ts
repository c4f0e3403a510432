/** What a peer has sent, as the connection hands it out. */

import type { WebSocketError } from './errors.ts';

/** A whole message: text as a string, bytes as an array that is the taker’s to keep. */
export interface MessageEvent {
  readonly type: 'message';
  readonly data: string | Uint8Array;
}

/** A part of a message that is still coming. The bytes of text are UTF-8 so far; a character may go on in the next part. */
export interface MessagePart {
  readonly isText: boolean;
  readonly data: Uint8Array;
}

/** The rest of a message of which parts were taken. */
export interface TailEvent {
  readonly type: 'tail';
  readonly data: Uint8Array;
}

/** A ping, to be answered with a pong of the same payload, or a pong. */
export interface ControlEvent {
  readonly type: 'ping' | 'pong';
  readonly data: Uint8Array;
}

/** The peer’s close frame: nothing follows it. */
export interface CloseEvent {
  readonly type: 'close';
  /** 1005 when the frame had none. */
  readonly code: number;
  readonly reason: string;
}

/** The peer’s half of the connection ended. */
export interface EndEvent {
  readonly type: 'end';
  /** Whether its close frame came before. */
  readonly isClean: boolean;
}

/** The peer broke the rules, or a limit: nothing that it sends is looked at any more. */
export interface FailureEvent {
  readonly type: 'failure';
  readonly error: WebSocketError;
}

export type WebSocketEvent =
  | MessageEvent
  | TailEvent
  | ControlEvent
  | CloseEvent
  | EndEvent
  | FailureEvent;
