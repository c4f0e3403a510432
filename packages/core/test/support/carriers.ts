/**
 * Every carrier of this package, as one who makes pairs of connected streams over it.
 *
 * Jest runs the tests of sockets twice, the second time with the fallback way of reading them: then only sockets matter.
 */

import { setImmediate as turn } from 'node:timers/promises';
import { test } from '@jest/globals';
import {
  MemoryListener,
  memoryPair,
  startTls,
  systemClock,
  TcpListener,
  TcpStream,
  TlsListener,
  UnixListener,
  UnixStream,
  type ByteStream,
  type Clock,
  type TlsListenOptions,
} from '../../src/index.ts';
import {
  CALM,
  lockstepPair,
  ManualClock,
  simulate,
  TestAuthority,
  type StreamContractOptions,
} from '../../src/testing/index.ts';
import { usesSharedReads } from '../../src/net/socket/shared-buffer.ts';
import { temporaryPath } from './socket-pairs.ts';

/** Two ends of one connection. */
export type Pair = readonly [there: ByteStream, here: ByteStream];

/** A carrier, as long as it is up. */
export interface Carrier {
  readonly clock: Clock;
  readonly connect: () => Promise<Pair>;
}

/** A kind of carrier. */
export interface CarrierKind {
  readonly name: string;
  readonly isSocket: boolean;
  /** How its tests run: side by side, except where a simulation owns the process's time. */
  readonly test: Pick<typeof test.concurrent, 'each'>;
  /** What the contract needs to know of it. */
  readonly contract: StreamContractOptions;
  /** Runs a program on one; what the program opens it has to close. */
  readonly use: (program: (carrier: Carrier) => Promise<void>) => Promise<void>;
}

/** Turns of the loop in a millisecond of {@link onTurns}, beside those that `advance` makes. */
const TURNS = 20;

/** Runs a program on a clock that counts the turns of the loop: in memory nothing else moves bytes. */
async function onTurns(program: (clock: Clock) => Promise<void>): Promise<void> {
  const clock = new ManualClock();
  const time = { isOver: false };
  const passing = (async () => {
    while (!time.isOver) {
      for (let left = TURNS; left > 0; left -= 1) await turn();
      await clock.advance(1);
    }
  })();
  try {
    await program(clock);
  } finally {
    time.isOver = true;
    await passing;
  }
}

const inMemory = (name: string, makePair: (clock: Clock) => Pair): CarrierKind => ({
  name,
  isSocket: false,
  test: test.concurrent,
  contract: { quiet: 1, volume: 20_000 },
  use: (program) => onTurns((clock) => program({ clock, connect: async () => makePair(clock) })),
});

export const loopback: CarrierKind = {
  name: `loopback TCP, ${usesSharedReads() ? 'shared reads' : 'data events'}`,
  isSocket: true,
  test: test.concurrent,
  contract: { quiet: 10 },
  use: async (program) => {
    const listener = await TcpListener.bind('127.0.0.1:0');
    try {
      await program({
        clock: systemClock,
        connect: async () => {
          const there = await TcpStream.connect(String(listener.localAddress));
          return [there, await listener.accept()];
        },
      });
    } finally {
      await listener.close();
    }
  },
};

export const unix: CarrierKind = {
  name: `Unix sockets, ${usesSharedReads() ? 'shared reads' : 'data events'}`,
  isSocket: true,
  test: test.concurrent,
  contract: { quiet: 10, hasReset: false },
  use: async (program) => {
    const { path, remove } = await temporaryPath();
    const listener = await UnixListener.bind(path);
    try {
      await program({
        clock: systemClock,
        connect: async () => {
          const there = await UnixStream.connect(listener.localAddress);
          return [there, await listener.accept()];
        },
      });
    } finally {
      await listener.close();
      await remove();
    }
  },
};

const authority = new TestAuthority();
const identity = authority.issue(['localhost', '127.0.0.1']);

const tls = (name: string, isSocket: boolean, options: TlsListenOptions): CarrierKind => ({
  name,
  isSocket,
  test: test.concurrent,
  // Bytes pass through more hands here than on the carrier below, and come to rest later.
  contract: { quiet: isSocket ? 50 : 20, volume: 100_000 },
  use: async (program) => {
    const below = isSocket ? await TcpListener.bind('127.0.0.1:0') : new MemoryListener();
    const listener = TlsListener.over(below, { ...identity, ...options });
    try {
      await program({
        clock: systemClock,
        connect: async () => {
          const plain =
            below instanceof MemoryListener
              ? await below.connect()
              : await TcpStream.connect(below.localAddress);
          const there = startTls(plain, {
            servername: 'localhost',
            ca: authority.cert,
            ...options,
          });
          return [await there, await listener.accept()];
        },
      });
    } finally {
      await listener.close();
    }
  },
});

export const tlsOnTcp: CarrierKind = tls('TLS 1.3 on TCP', true, {});
export const tls12OnTcp: CarrierKind = tls('TLS 1.2 that says goodbye, on TCP', true, {
  maxVersion: 'TLSv1.2',
  requireCloseNotify: true,
});
export const tlsInMemory: CarrierKind = tls('TLS in memory', false, {});

export const simulated: CarrierKind = {
  name: 'a calm simulated network',
  isSocket: false,
  test,
  contract: { quiet: 40, patience: 60_000, volume: 65_536 },
  use: async (program) => {
    await simulate({ faults: CALM, latency: [1, 10], deadline: 3_600_000 }, async (sim) => {
      const listener = await sim.host('server').listen(80);
      await program({
        clock: sim.clock,
        connect: async () => {
          const there = await sim.host('client').connect('server:80');
          return [there, await listener.accept()];
        },
      });
      await listener.close();
    });
  },
};

export const memory: CarrierKind = inMemory('memory', (clock) => memoryPair({ clock }));
export const memoryInPieces: CarrierKind = inMemory('memory, seven bytes at a time', (clock) =>
  memoryPair({ chunkSize: 7, clock }),
);
export const lockstep: CarrierKind = inMemory('lockstep', (clock) => lockstepPair({ clock }));

/** Those of the carriers that this run is about. */
export const chosen = (kinds: readonly CarrierKind[]): readonly CarrierKind[] =>
  usesSharedReads() ? kinds : kinds.filter(({ isSocket }) => isSocket);

/** Every kind of carrier that this run is about. */
export const CARRIERS: readonly CarrierKind[] = chosen([
  memory,
  memoryInPieces,
  lockstep,
  simulated,
  loopback,
  unix,
  tlsOnTcp,
  tlsInMemory,
  // How bytes come from the kernel is seen with one version of TLS as well as with all.
  ...(usesSharedReads() ? [tls12OnTcp] : []),
]);
