/**
 * Every callback that a program passes in, failing in every way: its failure goes to the place that docs/errors.md names, and
 * nothing else happens.
 *
 * A new callback makes this file fail until it has a scenario here.
 */
import { describe, expect, test } from '@jest/globals';
import {
  acceptLoop,
  cancelScope,
  Executor,
  Framed,
  MemoryListener,
  moveOnAfter,
  startTls,
  systemClock,
  TaskTracker,
  TcpStream,
  timeout,
  TlsListener,
  UdpSocket,
  WOULD_BLOCK,
  type ByteStream,
  type OverflowHandler,
} from '../src/index.ts';
import { ManualClock } from '../src/testing/index.ts';
import { FAILINGS, rejectionOf, runScenario, type Scenario } from './support/hostile-callbacks.ts';
import { readPage } from './support/public-api.ts';
import {
  authority,
  identity,
  pair,
  executorOf,
  reading,
  spawning,
  handshake,
  promises,
  context,
} from './hostile/callback-stages.ts';
import { LOWLEVEL } from './hostile/callbacks-lowlevel.ts';
import { SYNC } from './hostile/callbacks-sync.ts';
import { TESTING } from './hostile/callbacks-testing.ts';

const INDEX: Readonly<Record<string, Scenario | string>> = {
  'SocketDuplex.setTimeout(callback)':
    'a listener of an event: what it throws is uncaught, as on every stream of Node',
  'AcceptLoopOptions.onError': async (onError, stage) => {
    const listener = new MemoryListener();
    stage.defer(() => listener.close());
    const serve = async (): Promise<void> => {
      throw new Error('the connection failed');
    };
    const accepting = acceptLoop(listener, serve, { onError, executor: executorOf(stage) });
    const client = await listener.connect();
    await client.closed;
    await listener.close();
    await accepting;
    await stage.turns();
    return stage.stderr;
  },
  'AdmissionOptions.onOverflow': async (callback, stage) => {
    const listener = new MemoryListener({
      maxConnections: 1,
      onOverflow: (stream, overflow) => {
        void stream.closed.then(({ error }) => stage.reported.push(error));
        return (callback as OverflowHandler<ByteStream>)(stream, overflow);
      },
    });
    const clients = [await listener.connect(), await listener.connect()];
    stage.defer(async () => {
      for (const client of clients) client.reset();
      await listener.close();
    });
    await clients[1]?.closed;
    return stage.reported;
  },
  'ByteStream.readWith(take)': reading((stream, take) => stream.readWith(take)),
  'ReadHalf.readWith(take)': reading((stream, take) => stream.split()[0].readWith(take)),
  'StreamReader.readWith(take)': 'every implementation is called under its own name',
  'ByteConsumer.take': reading((stream, take) => stream.readWith({ take })),
  'Decoder.decode': reading((stream, decode) => stream.readFrame({ decode })),
  'Encoder.encode': async (encode, stage) => {
    const [a] = pair(stage);
    return rejectionOf(new Framed<string>(a, { decode: () => WOULD_BLOCK, encode }).write('line'));
  },
  'Clock.setTimer(callback)': async (callback, stage) => {
    const call: () => void = callback;
    await new Promise<void>((resolve) => {
      systemClock.setTimer(() => {
        resolve();
        return call();
      }, 0);
    });
    await stage.turns();
    return stage.stderr;
  },
  'Clock.defer(callback)': async (callback, stage) => {
    systemClock.defer(callback);
    await stage.turns();
    return stage.stderr;
  },
  'Executor.spawn(run)': spawning((executor, run) => executor.spawn(run)),
  'Executor.group(body)': async (body, stage) => rejectionOf(executorOf(stage).group(body)),
  'Executor.run(main)': async (main, stage) => rejectionOf(executorOf(stage).run(main)),
  'ExecutorOptions.onTaskError': async (onTaskError, stage) => {
    const executor = new Executor({ onTaskError });
    executor.spawn(() => {
      throw new Error('the task failed');
    });
    await executor.idle();
    await stage.turns();
    return stage.stderr;
  },
  'Spawner.spawn(run)': 'every implementation is called under its own name',
  'Task.catch(onRejected)': promises,
  'Task.finally(onSettled)': promises,
  'cancelScope(run)': async (run) => rejectionOf(cancelScope(run)),
  'timeout(run)': async (run) => rejectionOf(timeout(60_000, run, { clock: new ManualClock() })),
  'moveOnAfter(run)': async (run) =>
    rejectionOf(moveOnAfter(60_000, run, { clock: new ManualClock() })),
  'CancelScope.cancel': context,
  'TaskContext.spawn': spawning((executor, run) =>
    executor.spawn(({ spawn }) => {
      spawn(run);
    }),
  ),
  'TaskContext.group': spawning((executor, body) =>
    executor.spawn(async ({ group }) => {
      await group(body);
    }),
  ),
  'TaskContext.yieldNow': context,
  'TaskContext.sleep': context,
  'TaskGroup.spawn(run)': async (run, stage) =>
    rejectionOf(
      executorOf(stage).group((group) => {
        group.spawn(run);
      }),
    ),
  'TaskOptions.onAbort': spawning((executor, onAbort, stage) => {
    const task = executor.spawn(({ sleep }) => sleep(60_000), { onAbort });
    task.catch(() => {});
    void stage.turns(2).then(() => {
      task.abort();
    });
  }),
  'Abortable.reset': spawning((executor, reset, stage) => {
    const task = executor.spawn(({ sleep }) => sleep(60_000), { onAbort: { reset } });
    task.catch(() => {});
    void stage.turns(2).then(() => {
      task.abort();
    });
  }),
  'TaskTracker.spawn(run)': spawning((executor, run) => new TaskTracker({ executor }).spawn(run)),
  'TcpConnectOptions.lookup': async (lookup, stage) => {
    const leave = new AbortController();
    stage.defer(() => leave.abort());
    return rejectionOf(TcpStream.connect('name.test:1', { lookup, signal: leave.signal }));
  },
  'UdpOptions.lookup': async (lookup, stage) => {
    const socket = await UdpSocket.bind('127.0.0.1:0', { lookup });
    stage.defer(() => socket.close());
    return rejectionOf(socket.sendTo('x', 'name.test:9'));
  },
  'TlsClientOptions.checkServerIdentity': handshake(
    (checkServerIdentity) => ({ checkServerIdentity }),
    () => ({}),
  ),
  'TlsServerOptions.sni': handshake(
    () => ({}),
    (sni) => ({ sni }),
  ),
  'TlsClientOptions.onSession': async (onSession, stage) => {
    const [a, b] = pair(stage);
    const [client, server] = await Promise.all([
      startTls(a, { servername: 'a.test', ca: authority.cert, onSession }),
      startTls(b, { role: 'server', ...identity }),
    ]);
    stage.defer(() => {
      client.reset();
      server.reset();
    });
    await server.writeAll('x');
    await client.readChunk();
    while (stage.stderr.length === 0) await stage.turns(1);
    return stage.stderr;
  },
  'TlsListenOptions.onHandshakeError': async (onHandshakeError, stage) => {
    const below = new MemoryListener();
    const listener = TlsListener.over(below, { ...identity, onHandshakeError });
    stage.defer(() => listener.close());
    const client = await below.connect();
    client.reset();
    while (listener.statistics().failedHandshakes === 0) await stage.turns(1);
    await stage.turns();
    return stage.stderr;
  },
  'acceptLoop(serve)': async (serve, stage) => {
    const listener = new MemoryListener();
    const executor = executorOf(stage);
    const onError = (error: unknown): void => {
      stage.reported.push(error);
    };
    const accepting = acceptLoop(listener, serve, { onError, executor });
    const client = await listener.connect();
    stage.defer(async () => {
      client.reset();
      await listener.close();
    });
    await client.closed;
    await listener.close();
    await accepting;
    await executor.idle();
    return stage.reported;
  },
};

describe.each([
  ['index', INDEX],
  ['lowlevel', LOWLEVEL],
  ['sync', SYNC],
  ['testing', TESTING],
] as const)('a callback of %s', (name, scenarios) => {
  const { callbacks, calls } = readPage('core', name);

  test('is known here', () => {
    expect(callbacks.filter((callback) => !(callback in scenarios))).toEqual([]);
    const known = new Set([...callbacks, ...calls.map((call) => call.name)]);
    expect(Object.keys(scenarios).filter((key) => !known.has(key))).toEqual([]);
  });

  describe.each(Object.entries(scenarios).filter(([, scenario]) => typeof scenario !== 'string'))(
    '%s',
    (_callback, scenario) => {
      test.each(FAILINGS.map((failing) => [failing.name, failing] as const))(
        'that %s is contained, and reported once where it belongs',
        async (_name, failing) => {
          await expect(runScenario(scenario as Scenario, failing)).resolves.toBeUndefined();
        },
      );
    },
  );
});
