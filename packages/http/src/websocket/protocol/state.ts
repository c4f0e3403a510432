/**
 * What each side of a connection may send next: one machine for each, on the same table, whichever side this is.
 *
 * A WebSocket has no turns, so unlike those of HTTP the two machines do not move each other: each follows what its own side
 * sends. The closing handshake is complete when both are CLOSING, and the connection is over when both have ended.
 */

/** A side’s state. */
export const SideState = {
  /** Between two messages. */
  READY: 'READY',
  /** The first fragment of a message is out, its last one is not. */
  IN_MESSAGE: 'IN_MESSAGE',
  /** Its close frame is out: nothing follows but the end. */
  CLOSING: 'CLOSING',
  /** It ended its half of the connection after its close frame; final. */
  ENDED: 'ENDED',
  /** It ended without a close frame; final. */
  LOST: 'LOST',
  /** It broke the rules, or a limit; final. */
  FAILED: 'FAILED',
} as const;
export type SideState = (typeof SideState)[keyof typeof SideState];

/** What moves a machine. */
export type Move =
  /** A message of one frame. */
  | 'whole'
  /** The first fragment of a message of several. */
  | 'first'
  | 'middle'
  | 'last'
  /** A ping or a pong. */
  | 'control'
  | 'close'
  /** The end of its half of the connection. */
  | 'end'
  | 'failure';

/** Where a move takes a side; what is not in the table is not allowed. */
export const MOVES: Readonly<Record<SideState, Readonly<Partial<Record<Move, SideState>>>>> = {
  READY: {
    whole: SideState.READY,
    first: SideState.IN_MESSAGE,
    control: SideState.READY,
    close: SideState.CLOSING,
    end: SideState.LOST,
    failure: SideState.FAILED,
  },
  IN_MESSAGE: {
    middle: SideState.IN_MESSAGE,
    last: SideState.READY,
    control: SideState.IN_MESSAGE,
    close: SideState.CLOSING,
    end: SideState.LOST,
    failure: SideState.FAILED,
  },
  CLOSING: { end: SideState.ENDED },
  ENDED: { end: SideState.ENDED },
  LOST: { end: SideState.LOST },
  FAILED: { end: SideState.FAILED },
};

/** The move that a frame of a message is. */
export function moveOf(isFirst: boolean, isFinal: boolean): Move {
  if (isFirst) return isFinal ? 'whole' : 'first';
  return isFinal ? 'last' : 'middle';
}

/** Whether a side may still send messages. */
export function isOpen(state: SideState): boolean {
  return state === SideState.READY || state === SideState.IN_MESSAGE;
}
