/** Every call that takes options says so when they are wrong, before it does anything. */
import { describe, expect, test } from '@jest/globals';
import { PassThrough } from 'node:stream';
import {
  acceptLoop,
  ByteStream,
  cancelScope,
  copy,
  copyBidirectional,
  Executor,
  InvalidInputError,
  lengthDelimited,
  lines,
  MemoryListener,
  memoryPair,
  moveOnAfter,
  Poll,
  startTls,
  TaskTracker,
  TcpListener,
  TcpStream,
  timeout,
  TlsListener,
  TlsStream,
  UdpSocket,
  UnixListener,
  UnixStream,
} from '../src/index.ts';
import { lengthDelimitedCodec, linesCodec } from '../src/lowlevel.ts';
import {
  Barrier,
  broadcast,
  channel,
  interval,
  Mutex,
  Notify,
  oneshot,
  race,
  RateLimiter,
  retry,
  select,
  Semaphore,
  sharedWriter,
  watch,
} from '../src/sync/index.ts';
import {
  checkStream,
  expectNoOpenStreams,
  simulate,
  simulateSeeds,
  SimNetwork,
  streamContract,
  TestAuthority,
} from '../src/testing/index.ts';

type Call = (options: never) => unknown;

const ANY = '127.0.0.1:0';
const PATH = '/tmp/awaitio-options.sock';

/** A call on two streams in memory, which are reset after it. */
function onPair(call: (a: ByteStream, b: ByteStream, options: never) => unknown): Call {
  return async (options) => {
    const [a, b] = memoryPair();
    try {
      return await call(a, b, options);
    } finally {
      a.reset();
      b.reset();
    }
  };
}

/** Each call; the name that its errors give it; a slip and the name it is near; a wrong value. */
const CALLS: readonly (readonly [
  name: string,
  call: Call,
  operation: string,
  slip: string,
  nearest: string,
  wrong: object,
])[] = [
  [
    'TcpListener.bind',
    (o) => TcpListener.bind(ANY, o),
    'bind',
    'backlogg',
    'backlog',
    { ipv6Only: 'yes' },
  ],
  [
    'TcpListener.inherit',
    (o) => TcpListener.inherit(999, o),
    'inherit',
    'maxPendng',
    'maxPending',
    { noDelay: 1 },
  ],
  [
    'UnixListener.bind',
    (o) => UnixListener.bind(PATH, o),
    'bind',
    'removeStalle',
    'removeStale',
    { mode: '660' },
  ],
  [
    'TlsListener.bind',
    (o) => TlsListener.bind(ANY, o),
    'bind',
    'ALPNProtocols',
    'alpn',
    { handshakeTimeout: NaN },
  ],
  [
    'TlsListener.over',
    (o) => TlsListener.over(new MemoryListener(), o),
    'over',
    'SNICallback',
    'sni',
    { sni: 5 },
  ],
  [
    'UdpSocket.bind',
    (o) => UdpSocket.bind(ANY, o),
    'bind',
    'reuseAddr',
    'reuseAddress',
    { broadcast: 1 },
  ],
  [
    'TcpStream.connect',
    (o) => TcpStream.connect('127.0.0.1:1', o),
    'connect',
    'timeot',
    'timeout',
    { family: 5 },
  ],
  [
    'TlsStream.connect',
    (o) => TlsStream.connect('127.0.0.1:1', o),
    'connect',
    'serverName',
    'servername',
    { session: 'x' },
  ],
  [
    'UnixStream.connect',
    (o) => UnixStream.connect(PATH, o),
    'connect',
    'timeoutMs',
    'timeout',
    { timeout: '1' },
  ],
  [
    'startTls, a client',
    onPair((a, _b, o) => startTls(a, o)),
    'startTls',
    'reject_unauthorized',
    'rejectUnauthorized',
    { role: 'peer' },
  ],
  [
    'startTls, a server',
    onPair((a, _b, o) => startTls(a, o === null ? o : { role: 'server', ...(o as object) })),
    'startTls',
    'requestCert',
    'clientCertificates',
    { clientCertificates: true },
  ],
  [
    'new ByteStream',
    (o) => new ByteStream({} as never, o),
    'ByteStream',
    'highWaterMark',
    'readHighWaterMark',
    { clock: {} },
  ],
  [
    'ByteStream.fromNode',
    (o) => ByteStream.fromNode(new PassThrough(), o),
    'fromNode',
    'writeHighWatermark',
    'writeHighWaterMark',
    { readHighWaterMark: 0 },
  ],
  ['memoryPair', (o) => memoryPair(o), 'memoryPair', 'chunksize', 'chunkSize', { chunkSize: 0 }],
  [
    'new MemoryListener',
    (o) => new MemoryListener(o),
    'MemoryListener',
    'maxConnection',
    'maxConnections',
    { name: 5 },
  ],
  ['stream.close', onPair((a, _b, o) => a.close(o)), 'close', 'lingr', 'linger', { linger: NaN }],
  [
    'new Executor',
    (o) => new Executor(o),
    'Executor',
    'maxConcurrency',
    'concurrency',
    { onTaskError: {} },
  ],
  [
    'executor.shutdown',
    (o) => new Executor().shutdown(o),
    'shutdown',
    'gracePeriod',
    'grace',
    { grace: '1' },
  ],
  [
    'executor.group',
    (o) => new Executor().group(() => {}, o),
    'group',
    'joinible',
    'joinable',
    { joinable: 1 },
  ],
  [
    'cancelScope',
    (o) => cancelScope(() => {}, o),
    'cancelScope',
    'shielded',
    'shield',
    { shield: 1 },
  ],
  ['timeout', (o) => timeout(1, () => {}, o), 'timeout', 'clok', 'clock', { clock: 1 }],
  [
    'moveOnAfter',
    (o) => moveOnAfter(1, () => {}, o),
    'moveOnAfter',
    'clok',
    'clock',
    { clock: {} },
  ],
  ['select', (o) => select({ a: () => 1 }, o), 'select', 'timeot', 'timeout', { signal: 1 }],
  ['race', (o) => race([() => 1], o), 'race', 'signl', 'signal', { timeout: -1 }],
  [
    'acceptLoop',
    (o) => acceptLoop(new MemoryListener(), async () => {}, o),
    'acceptLoop',
    'onErorr',
    'onError',
    { executor: {} },
  ],
  [
    'new TaskTracker',
    (o) => new TaskTracker(o),
    'TaskTracker',
    'executr',
    'executor',
    { executor: 5 },
  ],
  ['channel', (o) => channel(o), 'channel', 'capcity', 'capacity', { capacity: 0 }],
  ['broadcast', (o) => broadcast(o), 'broadcast', 'capcity', 'capacity', { capacity: 1.5 }],
  ['oneshot', (o) => oneshot(o), 'oneshot', 'clok', 'clock', { clock: 5 }],
  ['watch', (o) => watch(0, o), 'watch', 'nam', 'name', { name: '' }],
  ['new Semaphore', (o) => new Semaphore(1, o), 'Semaphore', 'nme', 'name', { name: 1 }],
  ['new Mutex', (o) => new Mutex(0, o), 'Mutex', 'clck', 'clock', { clock: {} }],
  ['new Notify', (o) => new Notify(o), 'Notify', 'naem', 'name', { name: 1 }],
  ['new Barrier', (o) => new Barrier(1, o), 'Barrier', 'clocks', 'clock', { clock: 1 }],
  ['interval', (o) => interval(1, o), 'interval', 'misssed', 'missed', { missed: 'catch up' }],
  ['retry', (o) => retry(() => {}, o), 'retry', 'attemps', 'attempts', { jitter: 2 }],
  ['new RateLimiter', (o) => new RateLimiter(o), 'RateLimiter', 'bursts', 'burst', { rate: 0 }],
  [
    'sharedWriter',
    onPair((a, _b, o) => sharedWriter(a, o)),
    'sharedWriter',
    'maxWaitng',
    'maxWaiting',
    { maxWaiting: 0 },
  ],
  ['new Poll', (o) => new Poll(o), 'Poll', 'maxEvent', 'maxEvents', { maxEvents: 0 }],
  ['lines', onPair((a, _b, o) => lines(a, o)), 'lines', 'maxLength', 'limit', { lineEnd: 'cr' }],
  ['linesCodec', (o) => linesCodec(o), 'lines', 'lineend', 'lineEnd', { fatal: 1 }],
  [
    'lengthDelimited',
    onPair((a, _b, o) => lengthDelimited(a, o)),
    'lengthDelimited',
    'maxFrameLength',
    'limit',
    { endian: 'BE' },
  ],
  [
    'lengthDelimitedCodec',
    (o) => lengthDelimitedCodec(o),
    'lengthDelimited',
    'lengthByte',
    'lengthBytes',
    { lengthBytes: 9 },
  ],
  ['copy', onPair((a, b, o) => copy(a, b, o)), 'copy', 'buffersize', 'bufferSize', { limit: -1 }],
  [
    'copyBidirectional',
    onPair((a, b, o) => copyBidirectional(a, b, o)),
    'copyBidirectional',
    'progres',
    'progress',
    { bufferSize: 0 },
  ],
  ['simulate', (o) => simulate(o, () => {}), 'simulate', 'sed', 'seed', { faults: { reset: 2 } }],
  [
    'simulateSeeds',
    (o) => simulateSeeds(o, () => {}),
    'simulateSeeds',
    'cuont',
    'count',
    { count: 1, from: -1 },
  ],
  [
    'new SimNetwork',
    (o) => new SimNetwork(o),
    'SimNetwork',
    'latncy',
    'latency',
    { latency: [5, 1] },
  ],
  [
    'checkStream',
    (o) => checkStream(() => memoryPair(), o),
    'checkStream',
    'patiense',
    'patience',
    { volume: 0 },
  ],
  [
    'streamContract',
    (o) => streamContract(() => memoryPair(), o),
    'checkStream',
    'quite',
    'quiet',
    { hasReset: 'no' },
  ],
  [
    'expectNoOpenStreams',
    (o) => expectNoOpenStreams(o),
    'expectNoOpenStreams',
    'withn',
    'within',
    { within: -1 },
  ],
  [
    'authority.issue',
    (o) => new TestAuthority().issue(['a.test'], o),
    'issue',
    'validfrom',
    'validFrom',
    { validTo: 'tomorrow' },
  ],
];

/** What a call throws or rejects with. */
async function failureOf(call: Call, options: unknown): Promise<unknown> {
  try {
    await call(options as never);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe.each(CALLS)('%s', (_name, call, operation, slip, nearest, wrong) => {
  test('refuses an unknown option, with the nearest one', async () => {
    const error = await failureOf(call, { [slip]: 1 });
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error).toMatchObject({
      message: `${operation}: unknown option \`${slip}\`: did you mean \`${nearest}\`?`,
      operation,
    });
  });

  test('refuses a wrong value, with what was expected and what came', async () => {
    const error = await failureOf(call, wrong);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as Error).message).toMatch(
      new RegExp(`^${operation}: expected \`[\\w.]+\` to be .+, got .+$`),
    );
  });

  test('refuses null', async () => {
    const error = await failureOf(call, null);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as Error).message).toBe(
      `${operation}: expected \`options\` to be an object, got null`,
    );
  });
});

/** The calls whose options are read for each byte, wait or task: their names are not checked, an object they must be. */
const HOT: readonly (readonly [name: string, call: Call])[] = [
  ['readable', onPair((a, _b, o) => a.readable(o))],
  ['writable', onPair((a, _b, o) => a.writable(o))],
  ['readClosed', onPair((a, _b, o) => a.readClosed(o))],
  ['read', onPair((a, _b, o) => a.read(new Uint8Array(1), o))],
  ['readWith', onPair((a, _b, o) => a.readWith(() => 1, o))],
  ['readChunk', onPair((a, _b, o) => a.readChunk(o))],
  ['readExactly', onPair((a, _b, o) => a.readExactly(1, o))],
  ['readUntil', onPair((a, _b, o) => a.readUntil('x', o))],
  ['readLine', onPair((a, _b, o) => a.readLine(o))],
  ['write', onPair((a, _b, o) => a.write('x', o))],
  ['writeAll', onPair((a, _b, o) => a.writeAll('x', o))],
  ['writev', onPair((a, _b, o) => a.writev([Buffer.from('x')], o))],
  ['write', onPair((a, _b, o) => lines(a).write('x', o))],
  ['flush', onPair((a, _b, o) => a.flush(o))],
  ['shutdown', onPair((a, _b, o) => a.shutdown('both', o))],
  ['accept', (o) => new MemoryListener().accept(o)],
  ['connect', (o) => new MemoryListener().connect(o)],
  ['poll', (o) => new Poll().poll(o)],
  ['spawn', (o) => new Executor().spawn(() => {}, o)],
  ['idle', (o) => new Executor().idle(o)],
  ['freeSlot', (o) => new Executor().freeSlot(o)],
  ['wait', (o) => new TaskTracker().wait(o)],
  ['send', (o) => channel({ capacity: 1 })[0].send(1, o)],
  ['reserve', (o) => channel({ capacity: 1 })[0].reserve(o)],
  ['receive', (o) => channel({ capacity: 1 })[1].receive(o)],
  ['receive', (o) => oneshot()[1].receive(o)],
  ['closed', (o) => oneshot()[0].closed(o)],
  ['receive', (o) => broadcast({ capacity: 1 })[1].receive(o)],
  ['changed', (o) => watch(0)[1].changed(o)],
  ['waitFor', (o) => watch(0)[1].waitFor(() => true, o)],
  ['acquire', (o) => new Semaphore(1).acquire(1, o)],
  ['lock', (o) => new Mutex().lock(o)],
  ['notified', (o) => new Notify().notified(o)],
  ['wait', (o) => new Barrier(2).wait(o)],
  ['tick', (o) => interval(1).tick(o)],
  ['acquire', (o) => new RateLimiter({ rate: 1 }).acquire(1, o)],
  ['send', onPair((a, _b, o) => sharedWriter(a).send('x', o))],
  ['ready', onPair((a, _b, o) => a.ready(1, o))],
  [
    'recvFrom',
    async (o) => {
      await using socket = await UdpSocket.bind(ANY);
      return await socket.recvFrom(o);
    },
  ],
];

test.each(HOT)('%s refuses null for options', async (operation, call) => {
  const error = await failureOf(call, null);
  expect(error).toBeInstanceOf(InvalidInputError);
  expect((error as Error).message).toBe(
    `${operation}: expected \`options\` to be an object, got null`,
  );
});
