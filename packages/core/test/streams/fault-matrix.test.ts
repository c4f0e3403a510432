/**
 * Each state of a connection × each failure × each call that may wait: how the call ends.
 *
 * The tables below are the whole expectation. A call either ends at once, because of the state it finds, or it waits, and
 * then the failure decides. "waits on" stands for a wait that the failure does not concern, such as a write when the peer
 * finishes; it ends when this side resets the connection, which every round does at last.
 */

import { describe, expect } from '@jest/globals';
import { Interest, type ByteStream, type WaitOptions } from '../../src/index.ts';
import {
  chosen,
  loopback,
  memory,
  simulated,
  type Carrier,
  type CarrierKind,
  type Pair,
} from '../support/carriers.ts';
import { fill } from '../support/fill.ts';
import { outcomeOf, TIMEOUT, REASON, WAITS_ON, within, type Outcome } from '../support/outcomes.ts';

type Start = (stream: ByteStream, options: WaitOptions) => Promise<unknown>;

/** Calls that end alike. */
const GROUPS = {
  bytes: {
    read: (stream, options) => stream.read(new Uint8Array(4), options),
    readWith: (stream, options) => stream.readWith((view) => view.length, options),
    readChunk: (stream, options) => stream.readChunk(options),
    readUntil: (stream, options) => stream.readUntil('\n', options),
    readLine: (stream, options) => stream.readLine(options),
  },
  exactly: { readExactly: (stream, options) => stream.readExactly(4, options) },
  iteration: {
    next: async (stream) => {
      const { done, value } = await stream[Symbol.asyncIterator]().next();
      return done === true ? null : value;
    },
  },
  readable: {
    readable: (stream, options) => stream.readable(options),
    'ready(READABLE)': (stream, options) => stream.ready(Interest.READABLE, options),
  },
  readClosed: { readClosed: (stream, options) => stream.readClosed(options) },
  writes: {
    write: (stream, options) => stream.write('wxyz', options),
    writeAll: (stream, options) => stream.writeAll('wxyz', options),
    writev: (stream, options) => stream.writev([new Uint8Array(2), new Uint8Array(2)], options),
  },
  writable: {
    writable: (stream, options) => stream.writable(options),
    'ready(WRITABLE)': (stream, options) => stream.ready(Interest.WRITABLE, options),
  },
  either: {
    'ready(both)': (stream, options) =>
      stream.ready(Interest.READABLE | Interest.WRITABLE, options),
  },
  flush: { flush: (stream, options) => stream.flush(options) },
  finish: { "shutdown('write')": (stream, options) => stream.shutdown('write', options) },
  closed: { closed: (stream) => stream.closed },
} as const satisfies Record<string, Record<string, Start>>;

type Group = keyof typeof GROUPS;
type Outcomes = Readonly<Record<Group, Outcome>>;

const CLOSED: Outcomes = {
  bytes: 'ClosedError',
  exactly: 'ClosedError',
  iteration: 'ClosedError',
  readable: 'ClosedError',
  readClosed: 'done',
  writes: 'ClosedError',
  writable: 'ClosedError',
  either: 'ClosedError',
  flush: 'ClosedError',
  finish: 'done',
  closed: 'done',
};

const BROKEN: Outcomes = {
  bytes: 'BrokenError',
  exactly: 'BrokenError',
  iteration: 'BrokenError',
  readable: 'done',
  readClosed: 'done',
  writes: 'BrokenError',
  writable: 'done',
  either: 'done',
  flush: 'BrokenError',
  finish: 'BrokenError',
  closed: 'done',
};

const READ_ENDED = {
  bytes: 'null',
  exactly: 'UnexpectedEofError',
  iteration: 'null',
  readable: 'done',
  readClosed: 'done',
  either: 'done',
} as const;

const HAS_ROOM = { writes: 'done', writable: 'done', either: 'done', flush: 'done' } as const;
const SHUT = { writes: 'ClosedError', writable: 'done', either: 'done', finish: 'done' } as const;

/** A state: how a connection gets there, and which calls find there how they end. */
interface State {
  readonly enter: (pair: Pair, carrier: Carrier, quiet: number) => Promise<unknown>;
  readonly atOnce: Partial<Outcomes>;
  /** `false` where a call to finish ends at once, so it cannot wait for the failure. */
  readonly finishes?: false;
}

const STATES: Readonly<Record<string, State>> = {
  open: { enter: async () => {}, atOnce: HAS_ROOM, finishes: false },
  full: { enter: ([a], _carrier, quiet) => fill(a, quiet), atOnce: {} },
  'ended by the peer’s FIN': {
    enter: async ([a, b]) => {
      await b.shutdown('write');
      await a.readClosed();
    },
    atOnce: { ...READ_ENDED, ...HAS_ROOM },
    finishes: false,
  },
  'ended by the peer’s FIN, and full': {
    enter: async ([a, b], _carrier, quiet) => {
      await fill(a, quiet);
      await b.shutdown('write');
      await a.readClosed();
    },
    atOnce: READ_ENDED,
  },
  'shut for writing': {
    enter: ([a]) => a.shutdown('write'),
    atOnce: { ...SHUT, flush: 'done' },
  },
  'shut for writing while full': {
    enter: async ([a], _carrier, quiet) => {
      await fill(a, quiet);
      const ending = a.shutdown('write');
      ending.catch(() => {});
    },
    atOnce: { writes: 'ClosedError', writable: 'done', either: 'done' },
  },
  'shut for reading': {
    enter: ([a]) => a.shutdown('read'),
    atOnce: { ...READ_ENDED, ...HAS_ROOM },
    finishes: false,
  },
  'finished by both': {
    enter: async ([a, b]) => {
      await a.shutdown('write');
      await b.shutdown('write');
      await a.closed;
    },
    atOnce: { ...READ_ENDED, ...SHUT, flush: 'done', closed: 'done' },
  },
  closed: { enter: ([a]) => a.close(), atOnce: CLOSED },
  'reset by the peer': {
    enter: async ([a, b]) => {
      b.reset();
      await a.closed;
    },
    atOnce: BROKEN,
  },
  'reset by this side': {
    enter: async ([a]) => {
      a.reset();
    },
    atOnce: CLOSED,
  },
};

/** A failure: what happens, and how the calls end that are waiting then. */
interface Failure {
  readonly happen: (pair: Pair, controller: AbortController) => unknown;
  readonly outcomes: Outcomes;
}

const givenUp = (outcome: Outcome): Outcomes => ({
  bytes: outcome,
  exactly: outcome,
  iteration: WAITS_ON,
  readable: outcome,
  readClosed: outcome,
  writes: outcome,
  writable: outcome,
  either: outcome,
  flush: outcome,
  finish: outcome,
  closed: WAITS_ON,
});

const FAILURES: Readonly<Record<string, Failure>> = {
  'the peer resets': {
    happen: ([, b]) => {
      b.reset();
    },
    outcomes: BROKEN,
  },
  'the peer finishes': {
    happen: ([, b]) => b.shutdown('write'),
    outcomes: {
      ...READ_ENDED,
      writes: WAITS_ON,
      writable: WAITS_ON,
      flush: WAITS_ON,
      finish: WAITS_ON,
      closed: WAITS_ON,
    },
  },
  'this side closes': { happen: ([a]) => a.close({ linger: 0 }), outcomes: CLOSED },
  'this side resets': {
    happen: ([a]) => {
      a.reset();
    },
    outcomes: CLOSED,
  },
  'the signal aborts': {
    happen: (_, controller) => {
      controller.abort(REASON);
    },
    outcomes: givenUp('the reason'),
  },
  'the time is up': { happen: () => {}, outcomes: givenUp('TimeoutError') },
};

/** How a call that waits in a state ends by a failure, where the two together mean more than each. */
function together(state: string, failure: string, group: Group): Outcome | undefined {
  if (group !== 'closed') return undefined;
  // Both directions have ended then.
  if (state === 'shut for writing' && failure === 'the peer finishes') return 'done';
  // A socket that has read the end and writes nothing does not notice.
  if (state === 'ended by the peer’s FIN' && failure === 'the peer resets') return 'anything';
  return undefined;
}

/** The calls of one round: of those that exclude each other, one each. */
function rounds(state: State): (readonly [Group, string, Start])[][] {
  const calls = (group: Group): (readonly [Group, string, Start])[] =>
    Object.entries(GROUPS[group] as Record<string, Start>).map(
      ([name, start]) => [group, name, start] as const,
    );
  const shared = (
    ['readable', 'readClosed', 'writable', 'either', 'flush', 'closed'] as const
  ).flatMap(calls);
  const readers = (['bytes', 'exactly', 'iteration'] as const).flatMap(calls);
  const writers = calls('writes');
  const mixed = readers.map((reader, at) => [...shared, reader, ...writers.slice(at, at + 1)]);
  if (state.finishes === false) return mixed;
  return [...mixed, [...calls('finish'), ...calls('flush'), ...calls('closed')]];
}

/** One cell of the matrix. */
interface Cell {
  readonly stateName: string;
  readonly state: State;
  readonly failureName: string;
  readonly failure: Failure;
  /** Milliseconds in which what happens at once has happened. */
  readonly quiet: number;
}

/** Begins the calls of a round, lets the failure happen, and expects each call to end as the tables say. */
async function playRound(
  carrier: Carrier,
  pair: Pair,
  round: readonly (readonly [Group, string, Start])[],
  { stateName, state, failureName, failure, quiet }: Cell,
): Promise<void> {
  const controller = new AbortController();
  const timeout = failureName === 'the time is up' ? quiet : undefined;
  const options = { signal: controller.signal, timeout };
  const waits = round.map(([group, name, start]) => ({
    name,
    outcome: outcomeOf(start(pair[0], options)),
    early: state.atOnce[group],
    late: together(stateName, failureName, group) ?? failure.outcomes[group],
  }));
  for (const { name, outcome, early } of waits) {
    if (early === undefined) continue;
    expect([name, await within(outcome, carrier, TIMEOUT)]).toEqual([name, early]);
  }
  const acting = Promise.resolve(failure.happen(pair, controller));
  acting.catch(() => {});
  for (const { name, outcome, early, late } of waits) {
    if (early !== undefined || late === 'anything') continue;
    const limit = late === WAITS_ON ? quiet : TIMEOUT;
    expect([name, await within(outcome, carrier, limit)]).toEqual([name, late]);
  }
  for (const stream of pair) stream.reset();
  for (const stream of pair) {
    expect(await within(stream.closed, carrier, TIMEOUT)).not.toBe(WAITS_ON);
  }
  for (const { name, outcome } of waits) {
    expect([name, await within(outcome, carrier, TIMEOUT)]).not.toEqual([name, WAITS_ON]);
  }
  expect(pair.map((stream) => stream.statistics().waits)).toEqual([[], []]);
}

/** Plays every round of a cell, each on a new pair. */
const playCell = (use: CarrierKind['use'], cell: Cell): Promise<void> =>
  use(async (carrier) => {
    for (const round of rounds(cell.state)) {
      const pair = await carrier.connect();
      try {
        const entered = within(cell.state.enter(pair, carrier, cell.quiet), carrier, TIMEOUT);
        expect(await entered).not.toBe(WAITS_ON);
        await playRound(carrier, pair, round, cell);
      } finally {
        for (const stream of pair) stream.reset();
      }
    }
  });

const CARRIERS = chosen([memory, simulated, loopback]);

describe.each(CARRIERS)('on $name', ({ use, test, contract: { quiet = 10 } }) => {
  describe.each(Object.entries(STATES))('a stream that is %s', (stateName, state) => {
    test.each(Object.entries(FAILURES))('when %s', (failureName, failure) =>
      playCell(use, { stateName, state, failureName, failure, quiet }),
    );
  });
});
