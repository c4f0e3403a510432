/** The ways in which a stream ends, and the outcome of each wait that it ends. */

import { BrokenError, ClosedError, UnexpectedEofError } from '../../vocabulary/errors.ts';
import type { ExpectedError, StreamPair, Trial } from './trial.ts';
import {
  READ_READINESS,
  READ_WAITS,
  READY_FOR_BOTH,
  WRITE_READINESS,
  WRITES,
  type WaitingCall,
} from './waits.ts';

export const CLOSED: ExpectedError = { type: ClosedError, code: 'ERR_STREAM_CLOSED' };
export const BROKEN: ExpectedError = { type: BrokenError };
const CUT_SHORT: ExpectedError = { type: UnexpectedEofError };

/** How a wait must end: with a value (`null` for reads), or with an error. */
type Outcome = 'settles' | 'null' | ExpectedError;

/** Expects an outcome of a wait. */
async function endsWith(
  trial: Trial,
  wait: Promise<unknown>,
  what: string,
  outcome: Outcome,
): Promise<void> {
  if (typeof outcome === 'object') {
    await trial.rejects(wait, what, outcome);
    return;
  }
  const value = await trial.settle(wait, what);
  if (outcome === 'null') trial.equal(value, null, what);
}

/** A way to end a stream, and the outcome of each wait. */
interface Ending {
  readonly name: string;
  readonly act: (pair: StreamPair) => unknown;
  readonly outcomeOf: (call: WaitingCall) => Outcome;
}

const isReadiness = (call: WaitingCall): boolean =>
  READ_READINESS.includes(call) || call.operation === 'writable' || call.operation === 'ready';

const closed = (call: WaitingCall): Outcome =>
  call.operation === 'readClosed' ? 'settles' : { ...CLOSED, operation: call.operation };

export const LOCAL_ENDINGS: readonly Ending[] = [
  { name: 'close()', act: ([a]) => a.close({ linger: 0 }), outcomeOf: closed },
  {
    name: 'reset()',
    act: ([a]) => {
      a.reset();
    },
    outcomeOf: closed,
  },
];

export const PEER_RESET: Ending = {
  name: 'the peer’s reset()',
  act: ([, b]) => {
    b.reset();
  },
  outcomeOf: (call) => (isReadiness(call) || call.operation === 'readClosed' ? 'settles' : BROKEN),
};

export const PEER_END: Ending = {
  name: 'the peer’s FIN',
  act: ([, b]) => b.shutdown('write'),
  outcomeOf: (call) => {
    if (call.operation === 'readExactly') return CUT_SHORT;
    return isReadiness(call) || call.operation === 'readClosed' ? 'settles' : 'null';
  },
};

export const READ_DOWN: Ending = {
  name: "shutdown('read')",
  act: ([a]) => a.shutdown('read'),
  outcomeOf: PEER_END.outcomeOf,
};

/** Starts waits on one stream, ends it, and expects the outcome of each wait. */
async function endWaits(
  trial: Trial,
  calls: readonly WaitingCall[],
  ending: Ending,
  isFull: boolean,
): Promise<void> {
  const pair = await trial.pair();
  if (isFull) await trial.fill(pair[0]);
  const waits = calls.map((call) => [call, trial.start(call.start(pair[0]))] as const);
  await trial.clock.sleep(trial.quiet);
  const acting = trial.start(Promise.resolve(ending.act(pair)));
  for (const [call, wait] of waits) {
    await endsWith(trial, wait, `${call.name}, on ${ending.name}`, ending.outcomeOf(call));
  }
  await trial.settle(acting, ending.name).catch(() => {});
}

/** All reading waits: each exclusive one together with all shared ones. */
export async function endReads(trial: Trial, ending: Ending): Promise<void> {
  const shared = READ_WAITS.filter(({ isExclusive }) => !isExclusive);
  for (const exclusive of READ_WAITS.filter(({ isExclusive }) => isExclusive)) {
    await endWaits(trial, [...shared, exclusive], ending, false);
  }
}

/** All writing waits, on a full stream. */
export async function endWrites(trial: Trial, ending: Ending): Promise<void> {
  for (const exclusive of WRITES) {
    await endWaits(trial, [...WRITE_READINESS, READY_FOR_BOTH, exclusive], ending, true);
  }
}
