/**
 * Every public call, with every kind of wrong argument: it is refused with `InvalidInputError`, and nothing is left behind.
 *
 * A new public name makes this file fail until it has a recipe here: a right call of it, made anew each time.
 */
import { afterAll, beforeAll, jest } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { rmSync } from 'node:fs';
import * as core from '../src/index.ts';
import * as lowlevel from '../src/lowlevel.ts';
import * as kit from '../src/testing/index.ts';
import { testWrongArguments } from './support/hostile-arguments.ts';
import { VALUES, type Recipe } from './support/hostile-calls.ts';
import { GONE } from './support/gone-transport.ts';
import {
  ANY,
  BYTES,
  identity,
  byProgram,
  asDuplex,
  error,
  plain,
  onStream,
  own,
  reader,
  writer,
  withStreams,
  framed,
  onExecutor,
  itself,
  onGroup,
  onTask,
  onContext,
  onPoll,
  onTracker,
  onListener,
  onUdp,
  onTcp,
  onClock,
  serveNothing,
  READS,
  WRITES,
  methods,
  each,
} from './hostile/argument-recipes.ts';
import { LOWLEVEL } from './hostile/arguments-lowlevel.ts';
import { SYNC } from './hostile/arguments-sync.ts';
import { folder, TESTING } from './hostile/arguments-testing.ts';

const { ByteStream, Executor, Interest, MemoryListener, Poll, TaskTracker } = core;
const { TcpListener, TcpStream, TlsListener, TlsStream, UdpSocket } = core;
const { UnixListener, UnixStream, memoryPair } = core;
const { linesCodec } = lowlevel;

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
