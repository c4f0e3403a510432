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
  Interest,
  MemoryListener,
  memoryPair,
  moveOnAfter,
  Poll,
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
import {
  acceptOwned,
  Deadline,
  DeadlineWheel,
  runUntil,
  watchAbort,
  type Source,
} from '../src/lowlevel.ts';
import { Mutex, race, retry, select, watch } from '../src/sync/index.ts';
import {
  checkStream,
  ManualClock,
  simTest,
  simulate,
  streamContract,
  TestAuthority,
  type Simulation,
  type SimulatedMain,
  type SimClock,
  type StreamCheck,
} from '../src/testing/index.ts';
import {
  FAILINGS,
  rejectionOf,
  runScenario,
  type Callback,
  type Scenario,
  type Stage,
} from './support/hostile-callbacks.ts';
import { readPage } from './support/public-api.ts';

const authority = new TestAuthority();
const identity = authority.issue(['a.test']);

function pair(stage: Stage): [ByteStream, ByteStream] {
  const made = memoryPair();
  stage.defer(() => {
    for (const stream of made) stream.reset();
  });
  return made;
}

function executorOf(stage: Stage): Executor {
  // A clock that stands still: a body that does not end would be reported after the test.
  const clock = new ManualClock();
  const executor = new Executor({ clock, onTaskError: (error) => stage.reported.push(error) });
  stage.defer(() => executor.shutdown({ grace: 0 }));
  return executor;
}

/** The call's own rejection. */
const reading =
  (read: (stream: ByteStream, callback: Callback) => Promise<unknown>): Scenario =>
  async (callback, stage) => {
    const [a, b] = pair(stage);
    const outcome = rejectionOf(read(a, callback));
    await b.writeAll('bytes');
    return outcome;
  };

/** The executor's `onTaskError`. */
const spawning =
  (spawn: (executor: Executor, callback: Callback, stage: Stage) => unknown): Scenario =>
  async (callback, stage) => {
    const executor = executorOf(stage);
    spawn(executor, callback, stage);
    await executor.idle();
    return stage.reported;
  };

const handshake =
  (client: (callback: Callback) => object, server: (callback: Callback) => object): Scenario =>
  async (callback, stage) => {
    const [a, b] = pair(stage);
    const abort = new AbortController();
    stage.defer(() => {
      abort.abort(new Error('the end'));
    });
    const { signal } = abort;
    const outcomes = await Promise.allSettled([
      startTls(a, { servername: 'a.test', ca: authority.cert, signal, ...client(callback) }),
      startTls(b, { role: 'server', ...identity, signal, ...server(callback) }),
    ]);
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') outcome.value.reset();
    }
    return outcomes.filter((outcome) => outcome.status === 'rejected');
  };

const promises = 'as of a promise: what it throws is the rejection of the promise that it returns';
const context = 'awaitio makes it, programs call it';

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

const observed: Scenario = async (onReadiness, stage) => {
  const [a, b] = pair(stage);
  const seen: string[] = [];
  a.observe({ onReadiness });
  a.observe({ onReadiness: () => seen.push('the next observer') });
  await b.writeAll('x');
  await a.readChunk();
  await stage.turns();
  expect(seen).not.toEqual([]);
  return stage.stderr;
};

const source = (part: Partial<Source>): Source => ({
  readiness: 0,
  failure: undefined,
  isDisposed: false,
  observe: () => {},
  unobserve: () => {},
  ...part,
});

const trusted =
  'a carrier is part of the stream: what it throws is thrown by the call that it fails';

const passed = 'the caller gets what it throws, as its own';

const LOWLEVEL: Readonly<Record<string, Scenario | string>> = {
  'new PerClock(make)': passed,
  'asOwn(call)': passed,
  'outsideScopes(body)': passed,
  'runUntil(body)': passed,
  'ScopeEnd.applies': async (applies, stage) => {
    const abort = new AbortController();
    runUntil({ name: 'a scope', clock: systemClock, signal: abort.signal, applies }, () => {});
    abort.abort();
    await stage.turns();
    return stage.stderr;
  },
  'AbortWatcher.onAbort': async (onAbort, stage) => {
    const abort = new AbortController();
    watchAbort(abort.signal, { onAbort });
    abort.abort();
    await stage.turns();
    return stage.stderr;
  },
  'AsyncScope.run(body)': passed,
  'Roster.add(view)': passed,
  'traceAs(body)': passed,
  'charged(call)': passed,
  'lazy(load)': passed,
  'printLossy(print)': passed,
  'callContained(callback)': 'every scenario tests it',
  'Deferred.resolve': context,
  'Deferred.reject': context,
  'OptionRule.accepts':
    'for code that builds on this package: what it throws is thrown by checkOptions',
  'Transport.end(finished)': trusted,
  'SourceObserver.onReadiness': observed,
  'DeadlineOwner.onDeadline': async (onDeadline, stage) => {
    const clock = new ManualClock();
    const wheel = new DeadlineWheel(clock);
    const seen: string[] = [];
    const owners = [{ onDeadline }, { onDeadline: () => seen.push('the other owner') }];
    for (const owner of owners) new Deadline(wheel, owner).set(100);
    await clock.advance(1_000);
    expect(seen).toEqual(['the other owner']);
    return stage.stderr;
  },
  'Source.observe': async (observe, stage) => {
    const poll = new Poll<number>();
    stage.defer(() => {
      poll.close();
    });
    try {
      poll.register(source({ observe }), 1, Interest.READABLE);
    } catch (error) {
      expect(poll.size).toBe(0);
      return [{ error }];
    }
    await stage.turns();
    return stage.stderr;
  },
  'Source.unobserve': async (unobserve, stage) => {
    const poll = new Poll<number>();
    poll.register(source({ unobserve }), 1, Interest.READABLE);
    poll.register(source({}), 2, Interest.READABLE);
    poll.close();
    expect(poll.size).toBe(0);
    await stage.turns();
    return stage.stderr;
  },
  'acceptOwned(serve)': async (serve, stage) => {
    const listener = new MemoryListener();
    const executor = executorOf(stage);
    const accepting = acceptOwned(listener, serve, { executor });
    const client = await listener.connect();
    await listener.close();
    await accepting;
    stage.defer(() => {
      client.reset();
    });
    await executor.idle();
    return stage.reported;
  },
};

const alwaysFailing = (): never => {
  throw new Error('each attempt fails');
};
const SOON = { attempts: 2, backoff: 1 };

const SYNC: Readonly<Record<string, Scenario | string>> = {
  'Mutex.withLock(body)': async (body) => {
    const mutex = new Mutex(1);
    const outcome = await rejectionOf(mutex.withLock(body));
    expect(mutex.tryLock()).not.toBe(WOULD_BLOCK);
    return outcome;
  },
  'RetryOptions.retryIf': async (retryIf) =>
    rejectionOf(retry(alwaysFailing, { ...SOON, retryIf })),
  'RetryOptions.onRetry': async (onRetry) =>
    rejectionOf(retry(alwaysFailing, { ...SOON, onRetry })),
  'WatchReceiver.waitFor(accepts)': async (accepts) => rejectionOf(watch(1)[1].waitFor(accepts)),
  'WatchSender.sendIfModified(update)': async (update) => {
    const [sender] = watch(1);
    return rejectionOf((async () => sender.sendIfModified(update))());
  },
  race: async (arm) => rejectionOf(race([arm])),
  select: async (arm) => rejectionOf(select({ arm })),
  'retry(run)': async (run) => rejectionOf(retry(run, SOON)),
};

const simulated = (stage: Stage, main: SimulatedMain): Promise<readonly unknown[]> =>
  rejectionOf(stage.simulating(simulate({ deadline: 60_000 }, main)));

/** The run fails. */
const running =
  (main: (sim: Simulation, callback: Callback) => void): Scenario =>
  async (callback, stage) =>
    simulated(stage, (sim) => {
      main(sim, callback);
      return sim.clock.sleep(1_000);
    });

/** As the platform's timers do, these ignore what a callback returns; a promise that rejects is an unhandled one. */
const timing =
  (set: (clock: SimClock, callback: Callback) => unknown): Scenario =>
  async (callback, stage) => {
    let isIgnored = false;
    const call: () => unknown = callback;
    const seen = (): unknown => {
      const returned = call();
      isIgnored = returned !== undefined && !(returned instanceof Promise);
      return returned;
    };
    const reported = await running((sim) => set(sim.clock, seen as Callback))(callback, stage);
    return isIgnored ? ['ignored'] : reported;
  };

const matching = (set: (sim: Simulation, match: Callback) => unknown): Scenario =>
  running((sim, match) => {
    set(sim, match);
    const [a, b] = [sim.host('a'), sim.host('b')];
    a.run(async () => {
      await a.listen(80);
    });
    b.run(async () => {
      await b.connect('a:80');
    });
  });

const firstContract = (makePair: Callback): StreamCheck => {
  const [first] = streamContract(makePair, { clock: new ManualClock() });
  if (first === undefined) throw new Error('there is no contract');
  return first;
};

const TESTING: Readonly<Record<string, Scenario | string>> = {
  'FaultCalls.drop(match)': matching((sim, match) => sim.drop(match)),
  'FaultCalls.delay(match)': matching((sim, match) => sim.delay(match, 5)),
  'FaultCalls.barrier(match)': matching((sim, match) => sim.barrier(match)),
  'ManualClock.setTimer(callback)': async (callback, stage) => {
    const clock = new ManualClock();
    clock.setTimer(callback, 1);
    const thrown = await rejectionOf(clock.advance(1));
    await stage.turns();
    return [...thrown, ...stage.stderr];
  },
  'ManualClock.defer(callback)': async (callback, stage) => {
    new ManualClock().defer(callback);
    await stage.turns();
    return stage.stderr;
  },
  'SimClock.setTimer(callback)': timing((clock, callback) => clock.setTimer(callback, 1)),
  'SimClock.defer(callback)': timing((clock, callback) => {
    clock.defer(callback);
  }),
  'SimClock.arm(callback)': timing((clock, callback) => clock.arm(callback, 1)),
  'SimClock.schedule(callback)': timing((clock, callback) => clock.schedule(callback, 1)),
  'SimHost.listen': context,
  'SimHost.connect': context,
  'SimHost.bindUdp': context,
  'SimHost.listenUnix': context,
  'SimHost.connectUnix': context,
  'SimHost.run(program)': running((sim, program) => {
    sim.host('a').run(program);
  }),
  'SimHost.enter(body)': passed,
  'SimTestOptions.test': async (register, stage) => {
    const thrown = await rejectionOf(
      (async () => {
        simTest('a name', { test: register, regressions: false }, () => {});
      })(),
    );
    await stage.turns();
    return [...thrown, ...stage.stderr];
  },
  'StreamCheck.run': context,
  'checkStream(makePair)': async (makePair) =>
    rejectionOf(checkStream(makePair, { clock: new ManualClock() })),
  'streamContract(makePair)': async (makePair) => rejectionOf(firstContract(makePair).run()),
  'shrinkRun(main)': 'as of simulate, which it calls',
  'simulate(main)': async (main, stage) => simulated(stage, main),
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
