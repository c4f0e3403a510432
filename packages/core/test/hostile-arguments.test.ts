/**
 * Every public call, with every kind of wrong argument: it is refused with `InvalidInputError`, and nothing is left behind.
 *
 * A new public name makes this file fail until it has a recipe here: a right call of it, made anew each time.
 */
import { afterAll, beforeAll, jest } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as core from '../src/index.ts';
import * as lowlevel from '../src/lowlevel.ts';
import * as sync from '../src/sync/index.ts';
import * as kit from '../src/testing/index.ts';
import { testWrongArguments } from './support/hostile-arguments.ts';
import { VALUES, type Recipe } from './support/hostile-calls.ts';
import { GONE } from './support/gone-transport.ts';

const { ByteStream, Executor, Interest, MemoryListener, Poll, TaskTracker } = core;
const { TcpListener, TcpStream, TlsListener, TlsStream, UdpSocket } = core;
const { UnixListener, UnixStream, lines, memoryPair } = core;
const { linesCodec } = lowlevel;

const ANY = '127.0.0.1:0';
/** A run that failed, to be shown and shrunk. */
const failedRun = await kit
  .simulate({}, ({ always }) => {
    always(false, 'the failure of this test');
  })
  .catch((failure: unknown) => failure);
const folder = mkdtempSync(join(tmpdir(), 'awaitio-hostile-'));
/** `saveStory`, which writes what it is given a path for: a text that is no path on purpose is one in a folder of this file. */
const savingStory = (path: unknown, run: unknown): void => {
  const file = path === 'nonsense' ? join(folder, path) : path;
  kit.saveStory(file as string, run as kit.SimulationError);
};
const BYTES = new Uint8Array([1, 2, 3]);
const authority = new kit.TestAuthority();
const identity = authority.issue(['127.0.0.1']);

const byProgram = 'programs implement it, awaitio calls it';
const trusted = 'for code that builds on this package: says less about misuse';
const asDuplex = 'every implementation is called under its own name';
const error = 'an error that throws would hide what it is about';
const simulated = 'sim/hostile-simulation.test.ts calls it, in a simulation';

/** A call of a plain function, or of a constructor. */
const plain =
  (target: unknown, args: () => readonly unknown[], release = (): void => {}): Recipe =>
  () => ({ target, args: args(), release });

/** A call that simulates. */
const simulating =
  (target: unknown, args: () => readonly unknown[]): Recipe =>
  () => ({ target, args: args(), isSimulation: true });

/** A call on one end of a pair in memory. */
const onStream =
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
const own = (a: core.ByteStream): core.ByteStream => a;
const reader = (a: core.ByteStream): unknown => a.split()[0];
const writer = (a: core.ByteStream): unknown => a.split()[1];

/** A call that takes streams as arguments. */
const withStreams =
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

const framed = (a: core.ByteStream): unknown => lines(a);

const onExecutor =
  (pick: (executor: core.Executor) => unknown, ...args: unknown[]): Recipe =>
  () => {
    const executor = new Executor({ onTaskError: () => {} });
    return {
      target: pick(executor),
      args,
      release: () => executor.shutdown({ grace: 0 }),
    };
  };
const itself = <T>(value: T): T => value;

const onGroup =
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

const onTask =
  (...args: unknown[]): Recipe =>
  () => {
    const executor = new Executor({ onTaskError: () => {} });
    return {
      target: executor.spawn(async ({ sleep }) => sleep(60_000)),
      args,
      release: () => executor.shutdown({ grace: 0 }),
    };
  };

const onContext =
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

const onPoll =
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

const onTracker =
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

const onListener =
  (...args: unknown[]): Recipe =>
  () => {
    const listener = new MemoryListener();
    return { target: listener, args, release: () => listener.close() };
  };

const onUdp =
  (...args: unknown[]): Recipe =>
  async () => {
    const socket = await UdpSocket.bind(ANY);
    return { target: socket, args, release: () => socket.close() };
  };

const onTcp =
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

const onClock =
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

const serveNothing = async (): Promise<void> => {};
const consume = (view: Uint8Array): number => view.length;

const READS: Readonly<Record<string, readonly unknown[]>> = {
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
const WRITES: Readonly<Record<string, readonly unknown[]>> = {
  writable: [{}],
  tryWrite: [BYTES, {}],
  write: [BYTES, {}],
  writeAll: [BYTES, {}],
  writev: [[BYTES], {}],
  flush: [{}],
};

/** One recipe for each method of a table. */
function methods(
  owner: string,
  calls: Readonly<Record<string, readonly unknown[]>>,
  pick: (a: core.ByteStream, b: core.ByteStream) => unknown,
): Record<string, Recipe> {
  return Object.fromEntries(
    Object.entries(calls).map(([name, args]) => [`${owner}.${name}`, onStream(pick, ...args)]),
  );
}

const each = (owner: string, names: readonly string[], reason: string): Record<string, string> =>
  Object.fromEntries(names.map((name) => [`${owner}.${name}`, reason]));

const INDEX: Readonly<Record<string, Recipe>> = {
  'Abortable.reset': byProgram,
  'new AddressList': plain(core.AddressList, () => [['10.0.0.0/8']]),
  'AddressList.has': plain(new core.AddressList([]), () => [new core.InetAddress('::1', 1)]),
  'AddressList.hasHost': plain(new core.AddressList([]), () => ['::1']),
  'ByteConsumer.take': byProgram,
  'new ByteStream': plain(ByteStream, () => [GONE, {}]),
  ...methods('ByteStream', READS, own),
  ...methods('ByteStream', WRITES, own),
  'ByteStream.readClosed': onStream(own, {}),
  'ByteStream.ready': onStream(own, Interest.READABLE, {}),
  'ByteStream.shutdown': onStream(own, 'both', {}),
  'ByteStream.reset': onStream(own, 'a reason'),
  'ByteStream.close': onStream(own, {}),
  'ByteStream.toNode': onStream(own, {}),
  'ByteStream::fromNode': plain(ByteStream, () => [new PassThrough(), {}]),
  'ByteStream.observe': onStream(own, { onReadiness: () => {} }),
  'ByteStream.unobserve': onStream(own, { onReadiness: () => {} }),
  'Clock.setTimer': onClock(
    () => core.systemClock,
    () => {},
    0,
  ),
  'Clock.defer': onClock(
    () => core.systemClock,
    () => {},
  ),
  'Clock.sleep': onClock(() => core.systemClock, 1, 'options'),
  'Decoder.decode': byProgram,
  ...each('DuplexStream', ['readClosed', 'shutdown', 'reset', 'close'], asDuplex),
  'Encoder.encode': byProgram,
  'new Executor': plain(Executor, () => [{}]),
  'Executor.spawn': onExecutor(itself, () => {}, {}),
  'Executor.group': onExecutor(itself, () => {}, {}),
  'Executor.run': onExecutor(itself, () => {}, {}),
  'Executor.idle': onExecutor(itself, {}),
  'Executor.freeSlot': onExecutor(itself, {}),
  'Executor.shutdown': onExecutor(itself, { grace: 0 }),
  ...each(
    'FrameInput',
    ['peek', 'take', 'skip', 'indexOf'],
    'a decoder gets it, and fails its read',
  ),
  'new FrameReader': withStreams(core.FrameReader, (a) => [a, linesCodec()]),
  'FrameReader.read': onStream((a) => new core.FrameReader(a, linesCodec()), {}),
  'new FrameWriter': withStreams(core.FrameWriter, (a) => [a, linesCodec()]),
  'FrameWriter.write': onStream((a) => new core.FrameWriter(a, linesCodec()), 'a line', {}),
  'FrameWriter.flush': onStream((a) => new core.FrameWriter(a, linesCodec()), {}),
  'FrameWriter.shutdown': onStream((a) => new core.FrameWriter(a, linesCodec()), {}),
  'new Framed': withStreams(core.Framed, (a) => [a, linesCodec()]),
  'FrameReader.frames': onStream((a) => new core.FrameReader(a, linesCodec()), {}),
  'FrameWriter.close': onStream((a) => new core.FrameWriter(a, linesCodec()), {}),
  'Framed.frames': onStream(framed, {}),
  'Framed.read': onStream(framed, {}),
  'Framed.write': onStream(framed, 'a line', {}),
  'Framed.flush': onStream(framed, {}),
  'Framed.shutdown': onStream(framed, {}),
  'Framed.close': onStream(framed, {}),
  'new InetAddress': plain(core.InetAddress, () => ['::1', 1]),
  'new InvalidInputError': error,
  'new IoError': error,
  'new LimitError': error,
  'Listener.accept': onListener({}),
  'Listener.readable': onListener({}),
  'Listener.incoming': onListener({}),
  'Listener.drain': onListener({}),
  'new MemoryListener': plain(MemoryListener, () => [{}]),
  'MemoryListener.connect': onListener({}),
  'new PathAddress': plain(core.PathAddress, () => ['/path']),
  'new Poll': plain(Poll, () => [{}]),
  'Poll.register': onPoll('source', 1, Interest.READABLE),
  'Poll.reregister': onPoll('source', 1, Interest.READABLE),
  'Poll.unregister': onPoll('source'),
  'Poll.poll': onPoll({}),
  'Random.integer': plain(core.seededRandom(1), () => [1, 2]),
  'Random.chance': plain(lowlevel.systemRandom, () => [0.5]),
  'new ReadHalf': 'split() makes it: its value is not exported',
  ...methods('ReadHalf', READS, reader),
  'ReadHalf.isPairOf': onStream(reader, memoryPair()[0].split()[1]),
  'ReadHalf.reunite': onStream(reader, memoryPair()[0].split()[1]),
  'new Ready': plain(core.Ready, () => [1]),
  'Ready.has': plain(new core.Ready(1), () => [1]),
  ...each('SocketDuplex', ['_destroy', '_write', '_writev'], 'streams of Node call it'),
  'SocketDuplex.connect': 'refuses every call: it is connected',
  ...each('SocketDuplex', ['setKeepAlive', 'setNoDelay'], 'takes anything, as in Node'),
  'SocketDuplex.setTimeout': onStream(
    (a) => a.toNode(),
    1_000,
    () => {},
  ),
  'Spawner.spawn': asDuplex,
  'Spawner.freeSlot': asDuplex,
  ...each('StreamReader', Object.keys(READS), asDuplex),
  ...each('StreamWriter', Object.keys(WRITES), asDuplex),
  'Task.catch': 'as Promise.prototype.catch',
  'Task.finally': 'as Promise.prototype.finally',
  'Task.abort': onTask('a reason'),
  'TaskContext.spawn': onContext(() => {}, {}),
  'TaskContext.group': onContext(() => {}, {}),
  'TaskContext.sleep': onContext(60_000),
  'TaskGroup.spawn': onGroup(() => {}, {}),
  'TaskGroup.joinNext': onGroup({}),
  'TaskGroup.joined': onGroup({}),
  'TaskGroup.abortAll': onGroup('a reason'),
  'new TaskTracker': plain(TaskTracker, () => [{}]),
  'TaskTracker.spawn': onTracker(() => {}, {}),
  'TaskTracker.track': onTracker('task'),
  'TaskTracker.wait': onTracker({}),
  'TaskTracker.abortAll': onTracker('a reason'),
  'TcpListener::bind': plain(TcpListener, () => [ANY, {}]),
  'TcpListener::inherit': plain(TcpListener, () => [999, {}]),
  'TcpStream::connect': plain(TcpStream, () => ['127.0.0.1:1', {}]),
  'TcpStream.setNoDelay': onTcp(true),
  'TcpStream.setKeepAlive': onTcp(true),
  'TcpStream.setTypeOfService': onTcp(8),
  'new TimeoutError': error,
  'TlsListener::bind': plain(TlsListener, () => [ANY, identity]),
  'TlsListener::over': () => {
    const below = new MemoryListener();
    return { target: TlsListener, args: [below, identity], release: () => below.close() };
  },
  'TlsListener.setCredentials': async () => {
    const listener = TlsListener.over(new MemoryListener(), identity);
    return { target: listener, args: [identity], release: () => listener.close() };
  },
  'TlsStream::connect': plain(TlsStream, () => ['127.0.0.1:1', {}]),
  'UdpSocket::bind': plain(UdpSocket, () => [ANY, {}]),
  'UdpSocket.readable': onUdp({}),
  'UdpSocket.writable': onUdp({}),
  'UdpSocket.recvFrom': onUdp({}),
  'UdpSocket.datagrams': onUdp({}),
  'UdpSocket.sendTo': onUdp(BYTES, '127.0.0.1:9', {}),
  'UdpSocket.send': async () => {
    const socket = await UdpSocket.bind(ANY);
    await socket.connect(socket.localAddress);
    return { target: socket, args: [BYTES, {}], release: () => socket.close() };
  },
  'UdpSocket.trySendTo': onUdp(BYTES, '127.0.0.1:9'),
  'UdpSocket.connect': onUdp('127.0.0.1:9'),
  'UdpSocket.setBroadcast': onUdp(true),
  'UdpSocket.setTtl': onUdp(3),
  'UdpSocket.joinMulticast': onUdp('224.0.0.251', '127.0.0.1'),
  'UdpSocket.leaveMulticast': onUdp('224.0.0.251', '127.0.0.1'),
  'UdpSocket.observe': onUdp({ onReadiness: () => {} }),
  'UdpSocket.unobserve': onUdp({ onReadiness: () => {} }),
  'UnixListener::bind': plain(UnixListener, () => ['\0awaitio-hostile', {}]),
  'UnixStream::connect': plain(UnixStream, () => ['\0awaitio-hostile-none', {}]),
  'new WriteHalf': 'split() makes it: its value is not exported',
  ...methods('WriteHalf', WRITES, writer),
  'WriteHalf.shutdown': onStream(writer, {}),
  'WriteHalf.belongsTo': onStream(writer, memoryPair()[0]),
  acceptLoop: () => {
    const listener = new MemoryListener();
    return {
      target: core.acceptLoop,
      args: [listener, serveNothing, {}],
      release: () => listener.close(),
    };
  },
  cancelScope: plain(core.cancelScope, () => [() => {}, {}]),
  'new CancelledError': error,
  moveOnAfter: plain(core.moveOnAfter, () => [60_000, () => {}, {}]),
  timeout: plain(core.timeout, () => [60_000, () => {}, {}]),
  copy: withStreams(core.copy, (a, b) => [a, b, {}]),
  copyBidirectional: withStreams(core.copyBidirectional, (a, b) => [a, b, {}]),
  lengthDelimited: withStreams(core.lengthDelimited, (a) => [a, {}]),
  lines: withStreams(core.lines, (a) => [a, {}]),
  memoryPair: plain(core.memoryPair, () => [{}]),
  seededRandom: plain(core.seededRandom, () => [1]),
  startTls: withStreams(core.startTls, (a) => [a, {}]),
  traceWaits: plain(
    core.traceWaits,
    () => [false],
    () => {
      core.traceWaits(false);
    },
  ),
  trackStreams: plain(
    core.trackStreams,
    () => [false],
    () => {
      core.trackStreams(false);
    },
  ),
};

const LOWLEVEL: Readonly<Record<string, Recipe>> = {
  'AbortWatcher.onAbort': byProgram,
  ...each('Source', ['observe', 'unobserve'], byProgram),
  ...each('Transport', ['start', 'write', 'writev', 'end', 'setRef'], byProgram),
  ...each('TransportSink', ['onData', 'onClosed'], trusted),
  'new Deadline': trusted,
  'Deadline.set': trusted,
  'new DeadlineWheel': trusted,
  ...each('DeadlineWheel', ['place', 'remove'], trusted),
  'new Waiter': trusted,
  ownStream: trusted,
  stateOf: trusted,
  timedOut: trusted,
  timedOutOn: trusted,
  ...each('Waiter', ['resolve', 'reject', 'onAbort', 'info'], trusted),
  ...each('WaiterList', ['wait', 'add', 'remove', 'resolveAll', 'rejectAll', 'describe'], trusted),
  'WaiterOwner.remove': byProgram,
  asOwn: trusted,
  acceptOwned: () => {
    const listener = new MemoryListener();
    return {
      target: lowlevel.acceptOwned,
      args: [listener, serveNothing, {}],
      release: () => listener.close(),
    };
  },
  'FailureSink.onCallbackFailure': byProgram,
  'AsyncScope.run': trusted,
  ...each('MemberList', ['add', 'remove'], trusted),
  'new PerClock': trusted,
  'PerClock.of': trusted,
  'Roster.add': trusted,
  traceAs: trusted,
  ...each('AmbientScope', ['watch', 'unwatch'], trusted),
  lengthDelimitedCodec: plain(lowlevel.lengthDelimitedCodec, () => [{}]),
  linesCodec: plain(lowlevel.linesCodec, () => [{}]),
  outsideScopes: trusted,
  runUntil: trusted,
  watchScope: trusted,
  'new Budget': trusted,
  ...each('Budget', ['pay', 'fail'], trusted),
  budgetOf: trusted,
  charged: trusted,
  lazy: trusted,
  printLossy: trusted,
  tryWriteLatin1: trusted,
  finishStream: trusted,
  readStanding: trusted,
  'StandingRead.begin': trusted,
  'StandingRead.info': trusted,
  'StandingRead.offer': trusted,
  'StandingRead.reject': trusted,
  'StandingRead.resolve': trusted,
  callContained: trusted,
  containResult: trusted,
  describeFailure: trusted,
  failureOf: trusted,
  isBytes: trusted,
  secureContextOf: trusted,
  isThenable: trusted,
  printLine: trusted,
  checkFunction: trusted,
  checkMethods: trusted,
  checkOptions: trusted,
  checkWaitOptions: trusted,
  holdTask: plain(lowlevel.holdTask, () => [null]),
  invalidInput: trusted,
  unknownOption: trusted,
  watchAbort: trusted,
  withDefaults: trusted,
};

/** `simTest` with another register where it would call Jest's, which takes no test within a test. */
function registering(name: string, options: kit.SimTestOptions, main: kit.ManyRunsMain): void {
  const isBag = Object.prototype.toString.call(options) === '[object Object]';
  kit.simTest(
    name,
    isBag ? Object.assign(Object.create(options), { test: () => {} }) : options,
    main,
  );
}

const TESTING: Readonly<Record<string, Recipe>> = {
  'ManualClock.setTimer': onClock(
    () => new kit.ManualClock(),
    () => {},
    0,
  ),
  'ManualClock.defer': onClock(
    () => new kit.ManualClock(),
    () => {},
  ),
  'ManualClock.sleep': () => {
    const clock = new kit.ManualClock();
    return { target: clock, args: [1, {}], release: () => clock.advance(100) };
  },
  'ManualClock.advance': onClock(() => new kit.ManualClock(), 1),
  'new OpenStreamsError': trusted,
  'new DiskError': trusted,
  ...each(
    'FaultCalls',
    ['partition', 'heal', 'hold', 'release', 'link', 'during', 'silence', 'reset'],
    simulated,
  ),
  ...each('FaultCalls', ['drop', 'delay', 'barrier'], simulated),
  'SimBarrier.reached': simulated,
  ...each('SimClock', ['arm', 'setTimer', 'defer', 'sleep', 'schedule', 'step'], simulated),
  ...each(
    'SimDisk',
    ['access', 'appendFile', 'mkdir', 'open', 'readFile', 'readdir', 'rename', 'rm', 'rmdir'],
    simulated,
  ),
  ...each('SimDisk', ['stat', 'truncate', 'unlink', 'writeFile'], simulated),
  ...each('SimDns', ['addressOf', 'delete', 'lookup', 'set'], simulated),
  ...each(
    'SimFileHandle',
    ['appendFile', 'read', 'readFile', 'truncate', 'write', 'writeFile'],
    simulated,
  ),
  ...each('SimHost', ['enter', 'pause', 'run'], simulated),
  ...each('SimHostClock', ['jump', 'skew'], simulated),
  ...each('SimLink', ['during', 'faults'], simulated),
  'new SimNetwork': plain(kit.SimNetwork, () => [{}]),
  ...each('SimNetwork', ['host', 'partition', 'heal', 'hold', 'release'], simulated),
  ...each('SimStream', ['setNoDelay', 'setKeepAlive', 'setTypeOfService'], simulated),
  ...each('Simulation', ['host', 'log', 'always', 'sometimes', 'reachable'], simulated),
  'new SeedsError': error,
  'new NotRepeatableError': trusted,
  'new SimulationError': trusted,
  'new TestAuthority': plain(kit.TestAuthority, () => ['name']),
  'TestAuthority.issue': plain(authority, () => [['127.0.0.1'], {}]),
  always: plain(kit.always, () => [true, 'name']),
  checkStream: plain(kit.checkStream, () => [
    () => {
      throw new core.ClosedError('no pair', { code: 'ERR', operation: 'test' });
    },
    {},
  ]),
  expectNoOpenStreams: plain(kit.expectNoOpenStreams, () => [{ within: 0 }]),
  formatTrace: plain(kit.formatTrace, () => [[]]),
  'SimulationError.writePage': 'it writes a file: any path is one',
  lockstepPair: plain(kit.lockstepPair, () => [{}]),
  planOf: plain(kit.planOf, () => [['a'], [[1, 2, 3, 4]]]),
  reachable: plain(kit.reachable, () => ['name']),
  readStory: plain(kit.readStory, () => [join(folder, 'none.json')]),
  saveStory: plain(savingStory, () => [join(folder, 'right.json'), failedRun]),
  shrinkRun: simulating(kit.shrinkRun, () => [failedRun, () => {}, {}]),
  simTest: plain(registering, () => ['a name', {}, () => {}]),
  simulate: simulating(kit.simulate, () => [{}, () => {}]),
  simulateSeeds: simulating(kit.simulateSeeds, () => [{ count: 1 }, () => {}]),
  sometimes: plain(kit.sometimes, () => [true, 'name']),
  streamContract: plain(kit.streamContract, () => [() => memoryPair(), {}]),
  virtualModule: plain(kit.virtualModule, () => ['node:net']),
};

/** A call on something made anew, which is closed afterwards where it can be. */
const on =
  (make: () => unknown, args: () => readonly unknown[]): Recipe =>
  () => {
    const target = make();
    const end = (target as { readonly close?: unknown }).close;
    return {
      target,
      args: args(),
      release: () => (typeof end === 'function' ? Reflect.apply(end, target, []) : undefined),
    };
  };
const options = (): readonly unknown[] => [{}];
const value = (): readonly unknown[] => [1];
const made = 'a function of this module makes it, from its own state';
const notified = 'the state of the channel calls it';

const senderOf = (): unknown => sync.channel({ capacity: 1 })[0];
const SYNC: Readonly<Record<string, Recipe>> = {
  race: plain(sync.race, () => [[() => 1], {}]),
  select: plain(sync.select, () => [{ one: () => 1 }, {}]),
  'new Barrier': plain(sync.Barrier, () => [2, {}]),
  // One more completes the party.
  'Barrier.wait': () => {
    const barrier = new sync.Barrier(2);
    const release = (): void => {
      void barrier.wait();
    };
    return { target: barrier, args: [{}], release };
  },
  'new BroadcastReceiver': made,
  'BroadcastReceiver.receive': on(() => sync.broadcast({ capacity: 1 })[1], options),
  'new BroadcastSender': made,
  'BroadcastSender.send': on(() => sync.broadcast({ capacity: 1 })[0], value),
  'BroadcastSender.closed': () => {
    const [sender, receiver] = sync.broadcast({ capacity: 1 });
    return {
      target: sender,
      args: [{}],
      release: () => {
        receiver.close();
      },
    };
  },
  'new ChannelPermit': made,
  'ChannelPermit.send': on(() => sync.channel({ capacity: 1 })[0].tryReserve(), value),
  'new ChannelReceiver': made,
  'ChannelReceiver.receive': on(() => sync.channel({ capacity: 1 })[1], options),
  'new ChannelSender': made,
  'ChannelSender.send': on(senderOf, () => [1, {}]),
  'ChannelSender.trySend': on(senderOf, value),
  'ChannelSender.reserve': on(senderOf, options),
  'ChannelSender.closed': () => {
    const [sender, receiver] = sync.channel({ capacity: 1 });
    return {
      target: sender,
      args: [{}],
      release: () => {
        receiver.close();
      },
    };
  },
  'ChannelSender.isSameChannel': on(senderOf, () => [senderOf()]),
  'new Interval': made,
  'Interval.tick': on(() => sync.interval(1), options),
  'new LagError': error,
  'new Mutex': plain(sync.Mutex, value),
  'Mutex.lock': on(() => new sync.Mutex(1), options),
  'Mutex.withLock': on(
    () => new sync.Mutex(1),
    () => [() => {}, {}],
  ),
  'new MutexGuard': made,
  'new Notify': plain(sync.Notify, options),
  'Notify.notified': () => {
    const notify = new sync.Notify();
    return {
      target: notify,
      args: [{}],
      release: () => {
        notify.notifyOne();
      },
    };
  },
  'new OneshotReceiver': made,
  'OneshotReceiver.receive': on(() => sync.oneshot()[1], options),
  'new OneshotSender': made,
  'OneshotSender.send': on(() => sync.oneshot()[0], value),
  'OneshotSender.closed': () => {
    const [sender, receiver] = sync.oneshot();
    return {
      target: sender,
      args: [{}],
      release: () => {
        receiver.close();
      },
    };
  },
  'new RateLimiter': plain(sync.RateLimiter, () => [{ rate: 1_000 }]),
  'RateLimiter.acquire': on(
    () => new sync.RateLimiter({ rate: 1_000 }),
    () => [1, {}],
  ),
  'RateLimiter.tryAcquire': on(() => new sync.RateLimiter({ rate: 1_000 }), value),
  'new RetryError': error,
  'new Semaphore': plain(sync.Semaphore, () => [1, {}]),
  'Semaphore.acquire': on(
    () => new sync.Semaphore(9),
    () => [1, {}],
  ),
  'Semaphore.tryAcquire': on(() => new sync.Semaphore(9), value),
  'Semaphore.addPermits': on(() => new sync.Semaphore(9), value),
  'Semaphore.forgetPermits': on(() => new sync.Semaphore(9), value),
  'new SemaphorePermit': made,
  'SemaphorePermit.split': on(() => new sync.Semaphore(9).tryAcquire(2), value),
  'SemaphorePermit.merge': on(
    () => SEMAPHORE.tryAcquire(1),
    () => [SEMAPHORE.tryAcquire(1)],
  ),
  'new SharedWriter': made,
  'SharedWriter.send': onStream((a) => sync.sharedWriter(a), BYTES, {}),
  'new WatchReceiver': made,
  'WatchReceiver.changed': on(() => sync.watch(1)[1], options),
  'WatchReceiver.waitFor': on(
    () => sync.watch(1)[1],
    () => [() => true, {}],
  ),
  'WatchReceiver.onChange': notified,
  'new WatchSender': made,
  'WatchSender.send': on(() => sync.watch(1)[0], value),
  'WatchSender.sendReplace': on(() => sync.watch(1)[0], value),
  'WatchSender.sendIfModified': on(
    () => sync.watch(1)[0],
    () => [() => 2],
  ),
  'WatchSender.closed': () => {
    const [sender, receiver] = sync.watch(1);
    return {
      target: sender,
      args: [{}],
      release: () => {
        receiver.close();
      },
    };
  },
  broadcast: plain(sync.broadcast, () => [{ capacity: 1 }]),
  channel: plain(sync.channel, () => [{ capacity: 1 }]),
  interval: plain(sync.interval, () => [1, {}]),
  oneshot: plain(sync.oneshot, options),
  retry: plain(sync.retry, () => [() => 1, {}]),
  sharedWriter: withStreams(sync.sharedWriter, (a) => [a, {}]),
  watch: plain(sync.watch, () => [1, {}]),
};
const SEMAPHORE = new sync.Semaphore(100_000);

/** What its type does not say. */
const ANYTHING = VALUES.map(([kind]) => kind);
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  // What was never added is not there: no error.
  'ByteStream.unobserve(observer)': ANYTHING,
  'UdpSocket.unobserve(observer)': ANYTHING,
  'Poll.unregister(source)': ANYTHING,
  // A certificate may come from `sni` alone.
  'TlsListener.setCredentials(credentials)': ['object'],
  // Questions, whose answer is no.
  'ReadHalf.isPairOf(writer)': ANYTHING,
  'WriteHalf.belongsTo(stream)': ANYTHING,
};

// Callbacks that throw are called, too: tested in hostile-callbacks.test.ts.
beforeAll(() => {
  jest.spyOn(console, 'error').mockImplementation(() => {});
});
afterAll(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Of a program that fails in its simulation, of a pair that keeps no contract, and of a file that is not there. */
const isTyped = (failure: unknown): boolean =>
  failure instanceof kit.SimulationError ||
  failure instanceof kit.SeedsError ||
  failure instanceof AggregateError ||
  (failure as { readonly code?: unknown }).code === 'ENOENT';

testWrongArguments(
  'core',
  { index: INDEX, lowlevel: LOWLEVEL, sync: SYNC, testing: TESTING },
  { exceptions: EXCEPTIONS, isTyped, isUnlisted: (name) => name.startsWith('TaskContext.') },
);
