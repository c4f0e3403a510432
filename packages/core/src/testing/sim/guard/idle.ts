/** The turns of a run: when its program, and what Node does for it, can do nothing more without a further event. */

import {
  immediate,
  microtask,
  nextTick,
  own,
  realImmediate,
} from '../../../vocabulary/platform.ts';

/** The turn of the loop that runs. */
export const turn = {
  /** Whether an immediate that is being set is the driver's. */
  isDriver: false,
  /** Whether an immediate was set since, so that another turn follows. */
  isFollowed: false,
  /**
   * Whether what runs has been called by this package: an immediate of it, and every microtask and tick that follows. What awaits beside a
   * run goes on at other times, and has nothing else by which to tell it: a program may have lost the context of the run, too.
   */
  isOpen: false,
};

const endTurn = (): void => {
  turn.isOpen = false;
};

/** Sets an immediate, and another one behind it: between them is what the first begins. */
function setTurn(callback: () => void): void {
  realImmediate(() => {
    turn.isOpen = true;
    callback();
  });
  realImmediate(endTurn);
}

/**
 * From now on every immediate of this package is a turn; so is what runs now, with its microtasks and ticks. An immediate would end it too
 * late: timers and what was read come before. Returns what ends the turns.
 */
export function watchTurns(): () => void {
  turn.isOpen = true;
  own.setTurn = setTurn;
  // The second tick follows all microtasks that the first has found.
  nextTick(microtask, () => {
    nextTick(endTurn);
  });
  return () => {
    own.setTurn = undefined;
  };
}

/** The rounds of the event loop after which a chain of Node's own immediates counts as endless. */
const MAX_ROUNDS = 10_000;

/** Waits until the program, and what Node does for it, can do nothing more without a further event. */
export async function untilIdle(): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    turn.isFollowed = false;
    turn.isDriver = true;
    const next = new Promise<void>(immediate);
    turn.isDriver = false;
    await next;
    if (!turn.isFollowed) return;
  }
}
