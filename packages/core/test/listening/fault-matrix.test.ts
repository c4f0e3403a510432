/** Each state of a listener × each failure × each call that may wait for a connection: how the call ends. */

import { describe, expect, test } from '@jest/globals';
import {
  ByteStream,
  MemoryListener,
  systemClock,
  TcpListener,
  TcpStream,
  WOULD_BLOCK,
  type Clock,
  type Listener,
  type WaitOptions,
} from '../../src/index.ts';
import { usesSharedReads } from '../../src/net/socket/shared-buffer.ts';
import { CALM, simulate } from '../../src/testing/index.ts';
import { outcomeOf, TIMEOUT, REASON, WAITS_ON, within, type Outcome } from '../support/outcomes.ts';

type Accepting = (listener: Listener, options: WaitOptions) => Promise<unknown>;

const ACCEPTING: Readonly<Record<'accept' | 'readable' | 'next', Accepting>> = {
  accept: (listener, options) => listener.accept(options),
  readable: (listener, options) => listener.readable(options),
  next: async (listener) => {
    const { done, value } = await listener[Symbol.asyncIterator]().next();
    return done === true ? null : value;
  },
};
type AcceptOutcomes = Readonly<Record<keyof typeof ACCEPTING, Outcome>>;

const everywhere = (outcome: Outcome): AcceptOutcomes => ({
  accept: outcome,
  readable: outcome,
  next: outcome,
});
const NO_LISTENER: AcceptOutcomes = {
  accept: 'ClosedError',
  readable: 'ClosedError',
  next: 'null',
};

/** A listener with one stream at most, and who connects to it. */
interface Stand {
  readonly listener: Listener;
  readonly connect: () => Promise<ByteStream>;
  /** Streams that the round has to end. */
  readonly streams: ByteStream[];
  /** Aborts what the listener was bound with. */
  readonly life: AbortController;
}

interface ListenerState {
  readonly enter: (stand: Stand) => Promise<unknown>;
  readonly atOnce?: AcceptOutcomes;
}

const connect = async ({ connect: dial, streams }: Stand): Promise<ByteStream> => {
  const client = await dial();
  streams.push(client);
  return client;
};

const arrive = async (stand: Stand): Promise<ByteStream> => {
  const client = await connect(stand);
  await stand.listener.readable();
  return client;
};

const LISTENER_STATES: Readonly<Record<string, ListenerState>> = {
  idle: { enter: async () => {} },
  'at its maxConnections': {
    enter: async (stand) => {
      await connect(stand);
      stand.streams.push(await stand.listener.accept());
      await connect(stand);
    },
  },
  'one where a connection waits': { enter: arrive, atOnce: everywhere('done') },
  'one where a connection waits that has finished': {
    enter: async (stand) => {
      await (await arrive(stand)).shutdown('write');
    },
    atOnce: everywhere('done'),
  },
  'one where a connection waits that was reset': {
    enter: async (stand) => {
      const client = await arrive(stand);
      client.reset();
      await client.closed;
    },
    atOnce: everywhere('done'),
  },
  closed: { enter: ({ listener }) => listener.close(), atOnce: NO_LISTENER },
  'closed by its signal': {
    enter: async ({ life }) => {
      life.abort();
    },
    atOnce: NO_LISTENER,
  },
};

interface ListenerFailure {
  readonly happen: (stand: Stand, controller: AbortController) => unknown;
  readonly outcomes: AcceptOutcomes;
}

const LISTENER_FAILURES: Readonly<Record<string, ListenerFailure>> = {
  'it closes': { happen: ({ listener }) => listener.close(), outcomes: NO_LISTENER },
  'its signal aborts': {
    happen: ({ life }) => {
      life.abort();
    },
    outcomes: NO_LISTENER,
  },
  'every peer resets': {
    happen: ({ streams }) => {
      for (const stream of streams.slice(-1)) stream.reset();
    },
    outcomes: everywhere(WAITS_ON),
  },
  'the signal of the call aborts': {
    happen: (_, controller) => {
      controller.abort(REASON);
    },
    outcomes: { ...everywhere('the reason'), next: WAITS_ON },
  },
  'the time is up': {
    happen: () => {},
    outcomes: { ...everywhere('TimeoutError'), next: WAITS_ON },
  },
};

/** A kind of listener, and how to run a program with one. */
interface ListenerKind {
  readonly name: string;
  readonly isSocket: boolean;
  /** Side by side, except where a simulation owns the process's time. */
  readonly test: Pick<typeof test.concurrent, 'each'>;
  readonly quiet: number;
  readonly use: (program: (stand: Stand, clock: Clock) => Promise<void>) => Promise<void>;
}

/** Closes what a round left open. */
async function clear({ listener, streams }: Stand): Promise<void> {
  for (;;) {
    const stream = listener.isDisposed ? WOULD_BLOCK : listener.tryAccept();
    if (stream === WOULD_BLOCK) break;
    stream.reset();
  }
  for (const stream of streams) stream.reset();
  await listener.close();
}

/** Runs to the end of a program, and clears up whatever that was. */
async function finishing(program: Promise<void>, stand: Stand): Promise<void> {
  try {
    await program;
  } finally {
    await clear(stand);
  }
}

const LISTENERS: readonly ListenerKind[] = [
  {
    name: 'memory',
    isSocket: false,
    test: test.concurrent,
    quiet: 1,
    use: async (program) => {
      const life = new AbortController();
      const listener = new MemoryListener({ maxConnections: 1 });
      life.signal.addEventListener('abort', () => void listener.close());
      const stand = { listener, connect: () => listener.connect(), streams: [], life };
      await finishing(program(stand, systemClock), stand);
    },
  },
  {
    name: 'a calm simulated network',
    isSocket: false,
    test,
    quiet: 40,
    use: async (program) => {
      await simulate({ faults: CALM, latency: [1, 10] }, async (sim) => {
        const life = new AbortController();
        const { signal } = life;
        const listener = await sim.host('server').listen(80, { maxConnections: 1, signal });
        const { connect: dial } = sim.host('client');
        const stand = { listener, connect: () => dial('server:80'), streams: [], life };
        await finishing(program(stand, sim.clock), stand);
      });
    },
  },
  {
    name: 'loopback TCP',
    isSocket: true,
    test: test.concurrent,
    quiet: 10,
    use: async (program) => {
      const life = new AbortController();
      const { signal } = life;
      const listener = await TcpListener.bind('127.0.0.1:0', { maxConnections: 1, signal });
      const address = listener.localAddress;
      const stand = { listener, connect: () => TcpStream.connect(address), streams: [], life };
      await finishing(program(stand, systemClock), stand);
    },
  },
];

/** For each call: starts it in a state, lets the failure happen, and checks how it ends. A new listener for each. */
async function playCell(
  { use, quiet }: ListenerKind,
  state: ListenerState,
  failureName: string,
  failure: ListenerFailure,
): Promise<void> {
  for (const [name, start] of Object.entries(ACCEPTING)) {
    await use(async (stand, clock) => {
      await state.enter(stand);
      const controller = new AbortController();
      const timeout = failureName === 'the time is up' ? quiet : undefined;
      const call = start(stand.listener, { signal: controller.signal, timeout });
      call.then(
        (got) => got instanceof ByteStream && stand.streams.push(got),
        () => {},
      );
      const outcome = outcomeOf(call);
      const early = state.atOnce?.[name as keyof typeof ACCEPTING];
      if (early !== undefined) await within(outcome, { clock }, TIMEOUT);
      await failure.happen(stand, controller);
      const expected = early ?? failure.outcomes[name as keyof typeof ACCEPTING];
      const limit = expected === WAITS_ON ? quiet : TIMEOUT;
      expect([name, await within(outcome, { clock }, limit)]).toEqual([name, expected]);
      await stand.listener.close();
      expect(await within(outcome, { clock }, TIMEOUT)).not.toBe(WAITS_ON);
      expect(stand.listener.statistics().waits).toEqual([]);
    });
  }
}

describe.each(LISTENERS.filter(({ isSocket }) => isSocket || usesSharedReads()))(
  'on $name',
  (kind) => {
    describe.each(Object.entries(LISTENER_STATES))('a listener that is %s', (_state, state) => {
      kind.test.each(Object.entries(LISTENER_FAILURES))('when %s', (failureName, failure) =>
        playCell(kind, state, failureName, failure),
      );
    });
  },
);
