/**
 * One list of scenarios for every network: what a program can see must be the same on simulated hosts and on loopback
 * TCP. Each scenario gives an observation, as plain data, and the observation it has to be.
 */

import type { ByteStream, Clock, InetAddress, Listener, WaitOptions } from '../../src/index.ts';
import { BrokenError, Interest, IoError, WOULD_BLOCK } from '../../src/index.ts';

export type NetworkStream = ByteStream & {
  readonly localAddress: InetAddress;
  readonly remoteAddress: InetAddress;
};

/** A network, as far as a scenario sees it. */
export interface ParityWorld {
  readonly clock: Clock;
  /** More bytes than all buffers between two ends hold. */
  readonly plenty: number;
  listen(options?: {
    port?: number;
    maxConnections?: number;
    maxPending?: number;
    maxConnectionsPerAddress?: number;
    onOverflow?: 'wait' | 'reset' | ((stream: ByteStream) => Promise<void>);
  }): Promise<Listener<NetworkStream>>;
  connect(
    listener: { readonly localAddress: unknown },
    options?: WaitOptions,
  ): Promise<NetworkStream>;
}

export interface Scenario {
  readonly name: string;
  readonly run: (world: ParityWorld) => Promise<unknown>;
  readonly expected: unknown;
}

/** How a call ended: its value, or the error as `Class CODE`. */
async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    return (await call) ?? null;
  } catch (error) {
    return error instanceof IoError ? `${error.name} ${error.code}` : String(error);
  }
}

const textOf = async (call: Promise<Uint8Array | null>): Promise<unknown> => {
  const bytes = await call;
  return bytes === null ? null : Buffer.from(bytes).toString('latin1');
};

/** Turns of a millisecond that the network gets to do what it must: a scenario that waits in vain has to fail. */
const MAX_TURNS = 5_000;

/** Waits for something that only the network decides, such as the arrival of a RST. */
async function until({ clock }: ParityWorld, condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn += 1) {
    if (turn === MAX_TURNS) throw new Error(`waited in vain until ${String(condition)}`);
    await clock.sleep(1);
  }
}

/** Runs a body with a connected pair, and closes everything. */
function withPair(
  body: (there: NetworkStream, here: NetworkStream, world: ParityWorld) => Promise<unknown>,
) {
  return async (world: ParityWorld): Promise<unknown> => {
    const listener = await world.listen();
    const there = await world.connect(listener);
    const here = await listener.accept();
    try {
      return await body(there, here, world);
    } finally {
      await Promise.all([there.close(), here.close(), listener.close()]);
    }
  };
}

const endOf = async (stream: ByteStream): Promise<unknown> => {
  const { how, by, bytesRead, bytesWritten, unsent } = await stream.closed;
  return { how, by, bytesRead, bytesWritten, unsent };
};

const connecting: readonly Scenario[] = [
  {
    name: 'a port where nothing listens refuses',
    run: async (world) => {
      const listener = await world.listen();
      await listener.close();
      return outcome(world.connect(listener));
    },
    expected: 'AddressError ECONNREFUSED',
  },
  {
    name: 'a port is one listener’s at a time',
    run: async (world) => {
      const listener = await world.listen();
      const { port } = listener.localAddress as InetAddress;
      const second = await outcome(world.listen({ port }));
      await listener.close();
      const third = await world.listen({ port });
      await third.close();
      return second;
    },
    expected: 'AddressError EADDRINUSE',
  },
  {
    name: 'a signal that has aborted connects to no one',
    run: async (world) => {
      const listener = await world.listen();
      const signal = AbortSignal.abort(new Error('no'));
      const result = await outcome(world.connect(listener, { signal }));
      await listener.close();
      return result;
    },
    expected: 'Error: no',
  },
  {
    name: 'connections are accepted in the order they were made',
    run: async (world) => {
      const listener = await world.listen();
      const clients = [];
      for (let count = 0; count < 4; count += 1) clients.push(await world.connect(listener));
      const order = [];
      for (let count = 0; count < 4; count += 1) {
        const accepted = await listener.accept();
        const peer = String(accepted.remoteAddress);
        order.push(clients.findIndex(({ localAddress }) => String(localAddress) === peer));
        await accepted.close();
      }
      await Promise.all(clients.map((client) => client.close()));
      await listener.close();
      return order;
    },
    expected: [0, 1, 2, 3],
  },
  {
    name: 'the addresses of both ends mirror each other',
    run: withPair(async (there, here) => [
      String(there.localAddress) === String(here.remoteAddress),
      String(there.remoteAddress) === String(here.localAddress),
    ]),
    expected: [true, true],
  },
  {
    // The reset may arrive before or after the connection is established: a race in the network.
    name: 'a full accept queue resets a connection, while it begins or right after',
    run: async (world) => {
      const listener = await world.listen({ maxPending: 1 });
      const first = await world.connect(listener);
      const second = world.connect(listener);
      const result = await outcome(second.then((stream) => stream.readChunk()));
      const { pending, refused } = listener.statistics();
      await Promise.allSettled([first.close(), second.then((stream) => stream.close())]);
      await listener.close();
      return { result, pending, refused };
    },
    expected: { result: 'BrokenError ECONNRESET', pending: 1, refused: 1 },
  },
  {
    name: 'above maxConnections a connection waits until another is gone',
    run: async (world) => {
      const listener = await world.listen({ maxConnections: 1 });
      const clients = [await world.connect(listener), await world.connect(listener)];
      const first = await listener.accept();
      await until(world, () => listener.statistics().pending === 1);
      const early = listener.tryAccept() === WOULD_BLOCK;
      await first.close();
      const second = await listener.accept();
      await Promise.all([...clients, second].map((stream) => stream.close()));
      await listener.close();
      return early;
    },
    expected: true,
  },
  {
    name: 'above maxConnections a connection is reset, when that was asked for',
    run: async (world) => {
      const listener = await world.listen({ maxConnections: 1, onOverflow: 'reset' });
      const first = await world.connect(listener);
      await listener.readable();
      // The reset may already end the attempt to connect.
      const second = await outcome(world.connect(listener).then((stream) => stream.readChunk()));
      const { pending, refused } = listener.statistics();
      await first.close();
      await listener.close();
      return { second, pending, refused };
    },
    expected: { second: 'BrokenError ECONNRESET', pending: 1, refused: 1 },
  },
  {
    name: 'above maxConnections a connection is answered by a callback, and then it ends',
    run: async (world) => {
      const listener = await world.listen({
        maxConnections: 1,
        onOverflow: (stream) => stream.writeAll('busy'),
      });
      const first = await world.connect(listener);
      const accepted = await listener.accept();
      const second = await world.connect(listener);
      const answer = [await textOf(second.readExactly(4)), await second.readChunk()];
      await second.close();
      await until(world, () => listener.statistics().answering === 0);
      const { open, refused } = listener.statistics();
      await Promise.all([first.close(), accepted.close(), listener.close()]);
      return { answer, open, refused };
    },
    expected: { answer: ['busy', null], open: 1, refused: 1 },
  },
  {
    name: 'above maxConnectionsPerAddress a connection is reset until another of its address is gone',
    run: async (world) => {
      const listener = await world.listen({ maxConnectionsPerAddress: 1 });
      const first = await world.connect(listener);
      const accepted = await listener.accept();
      const second = await outcome(world.connect(listener).then((stream) => stream.readChunk()));
      await accepted.close();
      await first.close();
      await until(world, () => listener.statistics().open === 0);
      const third = await world.connect(listener);
      await listener.readable();
      const { pending, refused } = listener.statistics();
      await third.close();
      await listener.close();
      return { second, pending, refused };
    },
    expected: { second: 'BrokenError ECONNRESET', pending: 1, refused: 1 },
  },
  {
    name: 'closing a listener ends its accepts and its loop, and resets whom no one accepted',
    run: async (world) => {
      const listener = await world.listen();
      const client = await world.connect(listener);
      await listener.readable();
      await listener.close();
      const end = await outcome(client.readChunk());
      const accepting = await outcome(listener.accept());
      await client.close();
      return { end, accepting, again: await outcome(listener.close()) };
    },
    expected: {
      end: 'BrokenError ECONNRESET',
      accepting: 'ClosedError ERR_LISTENER_CLOSED',
      again: null,
    },
  },
  {
    name: 'what a client wrote before it left is there for the one that accepts it later',
    run: async (world) => {
      const listener = await world.listen();
      const client = await world.connect(listener);
      await client.writeAll('and gone');
      await client.close();
      const accepted = await listener.accept();
      const read = await textOf(accepted.readExactly(8));
      const end = await outcome(accepted.readChunk());
      await accepted.close();
      await listener.close();
      return [read, end];
    },
    expected: ['and gone', null],
  },
  {
    name: 'a client that reset before it was accepted is accepted, and is broken',
    run: async (world) => {
      const listener = await world.listen();
      const client = await world.connect(listener);
      await listener.readable();
      client.reset();
      await client.closed;
      const accepted = await listener.accept();
      const read = await outcome(accepted.readChunk());
      await accepted.close();
      await listener.close();
      return read;
    },
    expected: 'BrokenError ECONNRESET',
  },
];

const ending: readonly Scenario[] = [
  {
    name: 'FIN ends reading, after the bytes before it',
    run: withPair(async (there, here) => {
      await there.writeAll('bye');
      await there.shutdown('write');
      return [await textOf(here.readExactly(3)), await here.readChunk(), await here.readChunk()];
    }),
    expected: ['bye', null, null],
  },
  {
    name: 'after the peer’s FIN writing goes on',
    run: withPair(async (there, here) => {
      await there.shutdown('write');
      await here.readChunk();
      await here.writeAll('answer');
      await here.shutdown('write');
      return [await textOf(there.readExactly(6)), await there.readChunk()];
    }),
    expected: ['answer', null],
  },
  {
    name: 'when both have finished, both know by whom and how much',
    run: withPair(async (there, here) => {
      await there.writeAll('12345');
      await there.shutdown('write');
      await here.readExactly(5);
      await here.readChunk();
      await here.writeAll('123');
      await here.shutdown('write');
      await there.readExactly(3);
      await there.readChunk();
      return [await endOf(there), await endOf(here)];
    }),
    expected: [
      { how: 'shutdown', by: 'local', bytesRead: 3, bytesWritten: 5, unsent: 0 },
      { how: 'eof', by: 'peer', bytesRead: 5, bytesWritten: 3, unsent: 0 },
    ],
  },
  {
    name: 'writing after one’s own FIN fails',
    run: withPair(async (there) => {
      await there.shutdown('write');
      return [await outcome(there.writeAll('more')), await outcome(there.shutdown('write'))];
    }),
    expected: ['ClosedError ERR_WRITE_SHUT_DOWN', null],
  },
  {
    name: 'a reset breaks the peer’s reads and writes, each time they are asked',
    run: withPair(async (there, here) => {
      there.reset();
      const read = await outcome(here.readChunk());
      const ends = [await there.closed, await here.closed].map(({ how, by }) => `${how} ${by}`);
      return [read, await outcome(here.readChunk()), await outcome(here.writeAll('x')), ...ends];
    }),
    expected: [
      'BrokenError ECONNRESET',
      'BrokenError ECONNRESET',
      'BrokenError ECONNRESET',
      'reset local',
      'reset peer',
    ],
  },
  {
    name: 'a reset breaks what the peer waits in',
    run: withPair(async (there, here) => {
      const waiting = [here.readable(), here.readLine(), here.readClosed()].map(outcome);
      there.reset();
      return Promise.all(waiting);
    }),
    expected: [null, 'BrokenError ECONNRESET', null],
  },
  {
    name: 'a closed stream refuses its own user, and the peer reads the end',
    run: withPair(async (there, here) => {
      await there.close();
      return [
        await outcome(there.readChunk()),
        await outcome(there.writeAll('x')),
        await outcome(there.close()),
        await outcome(here.readChunk()),
      ];
    }),
    expected: ['ClosedError ERR_STREAM_CLOSED', 'ClosedError ERR_STREAM_CLOSED', null, null],
  },
  {
    // The kernel chooses the code, ECONNRESET or EPIPE; a socket that is not read notices when it writes again.
    name: 'who goes on writing to a peer that has closed is broken off',
    run: withPair(async (there, here, world) => {
      await there.close();
      await here.readChunk();
      await until(world, () => {
        if (!here.isClosed) here.tryWrite('hello?');
        return here.isClosed;
      });
      const { how, by } = await here.closed;
      const isBroken = (error: unknown): boolean => error instanceof BrokenError;
      return [how, by, await here.writeAll('x').then(() => 'written', isBroken)];
    }),
    expected: ['reset', 'peer', true],
  },
  {
    name: 'closing settles what waits',
    run: withPair(async (there) => {
      const waiting = [there.readable(), there.readLine(), there.readClosed()].map(outcome);
      await there.close();
      return Promise.all(waiting);
    }),
    expected: ['ClosedError ERR_STREAM_CLOSED', 'ClosedError ERR_STREAM_CLOSED', null],
  },
];

const moving: readonly Scenario[] = [
  {
    name: 'lines come as they were written',
    run: withPair(async (there, here) => {
      await there.writeAll('one\ntwo\r\nthree');
      await there.shutdown('write');
      return [
        await here.readLine(),
        await here.readLine(),
        await here.readLine(),
        await here.readLine(),
      ];
    }),
    expected: ['one', 'two', 'three', null],
  },
  {
    name: 'a fifth of a megabyte comes back byte for byte',
    run: withPair(async (there, here) => {
      const sent = Uint8Array.from({ length: 200_000 }, (_, at) => (at * 31) & 0xff);
      const echoing = (async () => {
        for await (const chunk of here) await here.writeAll(chunk);
        await here.shutdown('write');
      })();
      const writing = there.writeAll(sent).then(() => there.shutdown('write'));
      const chunks: Uint8Array[] = [];
      for await (const chunk of there) chunks.push(chunk);
      await Promise.all([echoing, writing]);
      return Buffer.concat(chunks).equals(Buffer.from(sent));
    }),
    expected: true,
  },
  {
    name: 'a reader that does not read stops the writer; reading lets it go on',
    run: withPair(async (there, here, world) => {
      const total = world.plenty;
      const progress = { accepted: 0 };
      const writing = there.writeAll(new Uint8Array(total), { progress, transfer: true });
      let before = -1;
      while (before !== progress.accepted) {
        before = progress.accepted;
        await world.clock.sleep(100);
      }
      const isStopped = before < total && !there.isWritable;
      let count = 0;
      while (count < total) count += (await here.readChunk())?.length ?? total;
      await writing;
      return [isStopped, count === total, there.isWritable];
    }),
    expected: [true, true, true],
  },
  {
    name: 'a read given up by timeout or signal took nothing',
    run: withPair(async (there, here) => {
      const late = await outcome(here.readExactly(4, { timeout: 5 }));
      const controller = new AbortController();
      const aborted = outcome(here.readLine({ signal: controller.signal }));
      controller.abort(new Error('enough'));
      await there.writeAll('whole');
      return [late, await aborted, await textOf(here.readExactly(5))];
    }),
    expected: ['TimeoutError ETIMEDOUT', 'Error: enough', 'whole'],
  },
  {
    name: 'leaving an iteration leaves the stream open, and every later byte in it',
    run: withPair(async (there, here) => {
      await there.writeAll('first');
      let text = '';
      for await (const chunk of here) {
        text += Buffer.from(chunk).toString('latin1');
        break;
      }
      await there.writeAll('second');
      text += String(await textOf(here.readExactly('firstsecond'.length - text.length)));
      return [text, here.isClosed];
    }),
    expected: ['firstsecond', false],
  },
  {
    name: 'one task at a time reads',
    run: withPair(async (there, here) => {
      const first = here.readLine();
      const second = await outcome(here.readChunk());
      await there.writeAll('x\n');
      return [second, await first];
    }),
    expected: ['BusyError EBUSY', 'x'],
  },
  {
    name: 'readiness tells of bytes, of the end, and of room',
    run: withPair(async (there, here) => {
      const quiet = [here.isReadable, here.isWritable];
      await there.writeAll('b');
      const withBytes = await here.ready(Interest.READABLE);
      const peeked = here.peek(1) as Uint8Array;
      await here.readExactly(1);
      await there.shutdown('write');
      const atEnd = await here.ready(Interest.READABLE);
      return [
        quiet,
        withBytes.isReadable,
        peeked.length,
        atEnd.isReadClosed,
        here.tryRead(new Uint8Array(1)),
      ];
    }),
    expected: [[false, true], true, 1, true, null],
  },
  {
    name: 'shutting reading down gives the end, and writing goes on',
    run: withPair(async (there, here) => {
      await here.shutdown('read');
      const read = await here.readChunk();
      await here.writeAll('out');
      return [read, await textOf(there.readExactly(3))];
    }),
    expected: [null, 'out'],
  },
];

export const SCENARIOS: readonly Scenario[] = [...connecting, ...ending, ...moving];
