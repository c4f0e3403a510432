/** How right calls are made: of a function, or on a stream, a task and everything else that has methods. */

import * as core from '../../src/index.ts';
import { linesCodec } from '../../src/lowlevel.ts';
import * as kit from '../../src/testing/index.ts';
import type { Recipe } from '../support/hostile-calls.ts';

const { Executor, MemoryListener, Poll, TaskTracker } = core;
const { TcpListener, TcpStream, UdpSocket, lines, memoryPair } = core;

export const ANY = '127.0.0.1:0';

export const BYTES = new Uint8Array([1, 2, 3]);

export const authority = new kit.TestAuthority();

export const identity = authority.issue(['127.0.0.1']);

export const byProgram = 'programs implement it, awaitio calls it';

export const trusted = 'for code that builds on this package: says less about misuse';

export const asDuplex = 'every implementation is called under its own name';

export const error = 'an error that throws would hide what it is about';

export const simulated = 'sim/hostile-simulation.test.ts calls it, in a simulation';

/** A call of a plain function, or of a constructor. */
export const plain =
  (target: unknown, args: () => readonly unknown[], release = (): void => {}): Recipe =>
  () => ({ target, args: args(), release });

/** A call that simulates. */
export const simulating =
  (target: unknown, args: () => readonly unknown[]): Recipe =>
  () => ({ target, args: args(), isSimulation: true });

/** A call on one end of a pair in memory. */
export const onStream =
  (pick: (a: core.ByteStream, b: core.ByteStream) => unknown, ...args: unknown[]): Recipe =>
  () => {
    const [a, b] = memoryPair();
    return {
      target: pick(a, b),
      args,
      release: () => {
        a.reset();
        b.reset();
      },
    };
  };

export const own = (a: core.ByteStream): core.ByteStream => a;

export const reader = (a: core.ByteStream): unknown => a.split()[0];

export const writer = (a: core.ByteStream): unknown => a.split()[1];

/** A call that takes streams as arguments. */
export const withStreams =
  (target: unknown, args: (a: core.ByteStream, b: core.ByteStream) => readonly unknown[]): Recipe =>
  () => {
    const [a, b] = memoryPair();
    return {
      target,
      args: args(a, b),
      release: () => {
        a.reset();
        b.reset();
      },
    };
  };

export const framed = (a: core.ByteStream): unknown => lines(a);

export const onExecutor =
  (pick: (executor: core.Executor) => unknown, ...args: unknown[]): Recipe =>
  () => {
    const executor = new Executor({ onTaskError: () => {} });
    return {
      target: pick(executor),
      args,
      release: () => executor.shutdown({ grace: 0 }),
    };
  };

export const itself = <T>(value: T): T => value;

export const onGroup =
  (...args: unknown[]): Recipe =>
  async () => {
    const executor = new Executor();
    let end = (): void => {};
    const group = await new Promise<core.TaskGroup>((resolve) => {
      executor
        .group(
          async (made) => {
            const over = new Promise<void>((settle) => (end = settle));
            made.spawn(() => over).catch(() => {});
            resolve(made);
            await over;
          },
          { joinable: true },
        )
        .catch(() => {});
    });
    return {
      target: group,
      args,
      release: async () => {
        group.abortAll();
        end();
        await executor.shutdown({ grace: 0 });
      },
    };
  };

export const onTask =
  (...args: unknown[]): Recipe =>
  () => {
    const executor = new Executor({ onTaskError: () => {} });
    return {
      target: executor.spawn(async ({ sleep }) => sleep(60_000)),
      args,
      release: () => executor.shutdown({ grace: 0 }),
    };
  };

export const onContext =
  (...args: unknown[]): Recipe =>
  async () => {
    const executor = new Executor({ onTaskError: () => {} });
    const context = await new Promise<core.TaskContext>((resolve) => {
      executor
        .spawn(async (made) => {
          resolve(made);
          await made.sleep(60_000);
        })
        .catch(() => {});
    });
    return { target: context, args, release: () => executor.shutdown({ grace: 0 }) };
  };

export const onPoll =
  (...args: unknown[]): Recipe =>
  () => {
    const poll = new Poll<number>();
    const [a, b] = memoryPair();
    return {
      target: poll,
      args: args.map((arg) => (arg === 'source' ? a : arg)),
      release: () => {
        poll.close();
        a.reset();
        b.reset();
      },
    };
  };

export const onTracker =
  (...args: unknown[]): Recipe =>
  () => {
    const executor = new Executor({ onTaskError: () => {} });
    const tracker = new TaskTracker({ executor });
    return {
      target: tracker,
      args: args.map((arg) => (arg === 'task' ? executor.spawn(() => {}) : arg)),
      release: async () => {
        tracker.close();
        await executor.shutdown({ grace: 0 });
      },
    };
  };

export const onListener =
  (...args: unknown[]): Recipe =>
  () => {
    const listener = new MemoryListener();
    return { target: listener, args, release: () => listener.close() };
  };

export const onUdp =
  (...args: unknown[]): Recipe =>
  async () => {
    const socket = await UdpSocket.bind(ANY);
    return { target: socket, args, release: () => socket.close() };
  };

export const onTcp =
  (...args: unknown[]): Recipe =>
  async () => {
    const listener = await TcpListener.bind(ANY);
    const [client, server] = await Promise.all([
      TcpStream.connect(listener.localAddress),
      listener.accept(),
    ]);
    return {
      target: client,
      args,
      release: async () => {
        client.reset();
        server.reset();
        await Promise.all([client.closed, server.closed, listener.close()]);
      },
    };
  };

export const onClock =
  (make: () => core.Clock, ...args: unknown[]): Recipe =>
  () => {
    const abort = new AbortController();
    return {
      target: make(),
      args: args.map((arg) => (arg === 'options' ? { signal: abort.signal } : arg)),
      release: () => {
        abort.abort(new core.ClosedError('the end', { code: 'ERR', operation: 'test' }));
      },
    };
  };

export const serveNothing = async (): Promise<void> => {};

const consume = (view: Uint8Array): number => view.length;

export const READS: Readonly<Record<string, readonly unknown[]>> = {
  readable: [{}],
  tryRead: [BYTES],
  read: [BYTES, {}],
  readWith: [consume, {}],
  readChunk: [{}],
  chunks: [{}],
  readExactly: [3, {}],
  readUntil: ['\n', {}],
  readLine: [{}],
  readFrame: [linesCodec(), {}],
  peek: [3],
};

export const WRITES: Readonly<Record<string, readonly unknown[]>> = {
  writable: [{}],
  tryWrite: [BYTES, {}],
  write: [BYTES, {}],
  writeAll: [BYTES, {}],
  writev: [[BYTES], {}],
  flush: [{}],
};

/** One recipe for each method of a table. */
export function methods(
  owner: string,
  calls: Readonly<Record<string, readonly unknown[]>>,
  pick: (a: core.ByteStream, b: core.ByteStream) => unknown,
): Record<string, Recipe> {
  return Object.fromEntries(
    Object.entries(calls).map(([name, args]) => [`${owner}.${name}`, onStream(pick, ...args)]),
  );
}

export const each = (
  owner: string,
  names: readonly string[],
  reason: string,
): Record<string, string> => Object.fromEntries(names.map((name) => [`${owner}.${name}`, reason]));
