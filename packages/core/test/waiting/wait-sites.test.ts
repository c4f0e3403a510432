/** While tracing is on, every kind of wait names the line of its caller, wherever waits are shown. */

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  copy,
  copyBidirectional,
  Executor,
  FrameReader,
  Interest,
  lines,
  MemoryListener,
  memoryPair,
  openStreams,
  Poll,
  startTls,
  systemClock,
  TaskTracker,
  TcpListener,
  TcpStream,
  TlsStream,
  traceWaits,
  trackStreams,
  UdpSocket,
  type ByteStream,
  type TaskContext,
  type WaitInfo,
} from '../../src/index.ts';

beforeEach(() => {
  traceWaits(true);
  trackStreams(true);
});
const cleanups: (() => unknown)[] = [];
async function cleanUp(): Promise<void> {
  for (const clean of cleanups.splice(0)) await clean();
}
afterEach(async () => {
  traceWaits(false);
  trackStreams(false);
  await cleanUp();
});

const turn = (): Promise<void> => new Promise(setImmediate);

/** A stream with a small buffer, on which writing more than ten bytes waits. */
function pair(): [ByteStream, ByteStream] {
  const streams = memoryPair({ writeHighWaterMark: 10, readHighWaterMark: 10 });
  cleanups.push(() => {
    for (const stream of streams) stream.reset();
  });
  return streams;
}

const MANY = new Uint8Array(100);
/** The first line of a site is the line that made the call. */
const HERE = /wait-sites\.test\.ts:\d+:\d+/;

function expectHere(waits: readonly Pick<WaitInfo, 'operation' | 'site'>[]): void {
  expect(waits.length).toBeGreaterThan(0);
  expect(waits.map(({ site }) => site?.split('\n')[0])).toEqual(
    waits.map(() => expect.stringMatching(HERE)),
  );
}

const streamCalls: Record<string, (stream: ByteStream) => unknown> = {
  read: (stream) => stream.read(new Uint8Array(1)),
  readWith: (stream) => stream.readWith(() => 0),
  readChunk: (stream) => stream.readChunk(),
  readExactly: (stream) => stream.readExactly(5),
  readUntil: (stream) => stream.readUntil(';'),
  readLine: (stream) => stream.readLine(),
  readFrame: (stream) => stream.readFrame({ decode: () => null }),
  readable: (stream) => stream.readable(),
  readClosed: (stream) => stream.readClosed(),
  ready: (stream) => stream.ready(Interest.READABLE),
  'an iteration': (stream) => stream[Symbol.asyncIterator]().next(),
  'a read of frames': (stream) => lines(stream).read(),
  'an iteration over frames': (stream) =>
    new FrameReader(stream, { decode: () => 1 })[Symbol.asyncIterator]().next(),
  writeAll: (stream) => stream.writeAll(MANY),
  'writeAll with a timeout': (stream) => stream.writeAll(MANY, { timeout: 10_000 }),
  writev: (stream) => stream.writev([MANY]),
  'a write of frames': (stream) => lines(stream).write('x'.repeat(100)),
  copy: (stream) => copy(stream, pair()[0]),
  'copy both ways': (stream) => copyBidirectional(stream, pair()[0]),
  startTls: (stream) => startTls(stream, { servername: 'example.test' }),
};

describe('the waits of a stream name their caller:', () => {
  test.each(Object.entries(streamCalls))('%s', async (_name, call) => {
    const [stream] = pair();
    Promise.resolve(call(stream)).catch(() => {});
    await turn();
    expectHere(stream.statistics().waits);
    const shown = openStreams().find((open) => open.stream === stream);
    expectHere(shown?.waits ?? []);
  });

  test('in a task, whose snapshot shows them too', async () => {
    const [stream] = pair();
    const executor = new Executor();
    const task = executor.spawn(() => stream.readLine(), { name: 'reader' });
    task.catch(() => {});
    await turn();
    expectHere(stream.statistics().waits);
    expectHere(executor.snapshot()[0]?.waits ?? []);
    expect(stream.statistics().waits[0]?.task).toBe('reader');
  });
});

describe('the waits of other objects name their caller:', () => {
  test('accept, readable and an iteration of a listener', async () => {
    const listener = new MemoryListener();
    listener.accept().catch(() => {});
    listener.readable().catch(() => {});
    listener[Symbol.asyncIterator]()
      .next()
      .catch(() => {});
    await turn();
    const { waits } = listener.statistics();
    expect(waits).toHaveLength(3);
    expectHere(waits);
    await listener.close();
  });

  test('poll', async () => {
    const poll = new Poll<number>();
    poll.poll().catch(() => {});
    await turn();
    expectHere(poll.statistics().waits);
    poll.close();
  });

  test('those of a UDP socket', async () => {
    const socket = await UdpSocket.bind({ port: 0 });
    socket.recvFrom().catch(() => {});
    socket.readable().catch(() => {});
    await turn();
    expectHere(socket.statistics().waits);
    await socket.close();
  });
});

describe('the waits of a task name their caller:', () => {
  /** The work of a task that ends with its abort. */
  const untilAborted = ({ signal }: TaskContext): Promise<void> =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve());
    });
  const silent = { lookup: (): void => {} };
  const taskCalls: Record<string, (context: TaskContext, executor: Executor) => Promise<unknown>> =
    {
      sleep: (context) => context.sleep(10_000),
      'sleep of a clock': (context) => systemClock.sleep(60_000, { signal: context.signal }),
      freeSlot: ({ signal }, executor) => executor.freeSlot({ signal }),
      idle: ({ signal }, executor) => executor.idle({ signal }),
      'the end of a group': (context) =>
        context.group((group) => {
          group.spawn(untilAborted);
        }),
      joinNext: (context) =>
        context.group(
          (group) => {
            group.spawn(untilAborted);
            return group.joinNext({ signal: context.signal });
          },
          { joinable: true },
        ),
      'the wait of a tracker': (context) => new TaskTracker().wait({ signal: context.signal }),
      connect: ({ signal }) => TcpStream.connect('name.test:1', { ...silent, signal }),
      'connect over TLS': ({ signal }) => TlsStream.connect('name.test:1', { ...silent, signal }),
      close: async () => {
        const [stream] = memoryPair({ readHighWaterMark: 1, chunkSize: 1 });
        await stream.writeAll('abcdef');
        cleanups.push(() => {
          stream.reset();
        });
        await stream.close();
      },
    };
  test.each(Object.entries(taskCalls))('%s', async (_name, call) => {
    const executor = new Executor({ concurrency: 1 });
    const task = executor.spawn((context) => call(context, executor), { name: 'subject' });
    task.catch(() => {});
    await turn();
    await turn();
    const shown = executor.snapshot().find(({ name }) => name === 'subject');
    expectHere(shown?.waits ?? []);
    task.abort();
    await cleanUp();
    // A task that has not ended would be reported some seconds later, when the tests are over.
    await executor.idle();
  });

  test('a handshake, which waits after the connection', async () => {
    const listener = await TcpListener.bind({ port: 0 });
    const executor = new Executor();
    const task = executor.spawn(({ signal }) =>
      TlsStream.connect(listener.localAddress, { signal }),
    );
    task.catch(() => {});
    const server = await listener.accept();
    await server.readable();
    expectHere(executor.snapshot()[0]?.waits ?? []);
    task.abort();
    await executor.idle();
    await server.close();
    await listener.close();
  });
});
