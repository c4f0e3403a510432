import { describe, expect, jest, test } from '@jest/globals';
import { ByteStream } from '../../streams/byte-stream.ts';
import type { TransportSink } from '../../streams/transport.ts';
import { HandleTransport } from './handle-transport.ts';
import {
  END_OF_FILE,
  type HandleRequest,
  type StreamHandle,
  type HandleBindings,
} from './stream-handle.ts';
import { deliverReads } from './io-batch.ts';

const ECONNRESET = -104;
const EPIPE = -32;
const ENOTCONN = -107;
const EINVAL = -22;

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

class FakeRequest implements HandleRequest {
  oncomplete?: (this: never, status: number) => void;

  complete(status = 0): void {
    this.oncomplete?.call(this as never, status);
  }
}

const asText = (piece: unknown): string =>
  piece instanceof Uint8Array ? Buffer.from(piece).toString() : String(piece);

/** A fake handle that the test controls, and a sink that records its notifications. */
function setUp(kind: 'tcp' | 'unix' = 'tcp') {
  const results = new Int32Array(4);
  const bindings: HandleBindings = {
    WriteWrap: FakeRequest,
    ShutdownWrap: FakeRequest,
    results,
    readResult: 0,
    isAsync: 3,
    spare: new FakeRequest(),
  };
  const calls: string[] = [];
  const requests: FakeRequest[] = [];
  /** The results of the next calls. */
  const kernel = { takes: true, write: 0, shutdown: 0, reset: 0, read: 0 };
  let buffer: Uint8Array = new Uint8Array();
  let closed: (() => void) | undefined;
  const write = (name: string, request: HandleRequest, data: unknown): number => {
    calls.push(`${name} ${String(data)}`);
    results[3] = kernel.takes ? 0 : 1;
    if (!kernel.takes) requests.push(request as FakeRequest);
    return kernel.write;
  };
  const handle: StreamHandle = {
    onread: () => {},
    useUserBuffer: (given) => {
      buffer = given;
    },
    readStart: () => (calls.push('readStart'), kernel.read),
    readStop: () => (calls.push('readStop'), 0),
    writeLatin1String: (request, text) => write('string', request, text),
    writeBuffer: (request, bytes) => write('buffer', request, Buffer.from(bytes)),
    writev: (request, pieces, areBuffers) =>
      write(areBuffers ? 'buffers' : 'pieces', request, pieces.map(asText)),
    shutdown: (request) => {
      calls.push('shutdown');
      requests.push(request as FakeRequest);
      return kernel.shutdown;
    },
    close: (done) => {
      calls.push('close');
      closed = () => done.call(handle as never);
    },
    ref: () => calls.push('ref'),
    unref: () => calls.push('unref'),
    setNoDelay: (noDelay) => (calls.push(`noDelay ${noDelay}`), 0),
    setKeepAlive: (keepAlive, delay) => (calls.push(`keepAlive ${keepAlive} ${delay}`), 0),
    ...(kind === 'unix'
      ? {}
      : {
          reset: (done) => {
            calls.push('reset');
            if (kernel.reset === 0) closed = () => done.call(handle as never);
            return kernel.reset;
          },
        }),
  };
  const gone = jest.fn();
  const transport = new HandleTransport(kind, handle, bindings, gone);
  const told: string[] = [];
  const sink: TransportSink & { hasRoom: boolean } = {
    hasRoom: true,
    onData(view) {
      told.push(`data ${Buffer.from(view).toString()}`);
      return this.hasRoom;
    },
    onEnd: () => {
      told.push('end');
    },
    onDrain: () => {
      told.push('drain');
    },
    onClosed: (error) => {
      told.push(error === undefined ? 'closed' : `closed ${error.name} ${error.code}`);
    },
  };
  transport.start(sink);
  const read = (result: string | number): void => {
    if (typeof result === 'string') buffer.set(Buffer.from(result));
    results[0] = typeof result === 'string' ? result.length : result;
    handle.onread.call(handle as never);
    deliverReads();
  };
  /** The calls since the last time. */
  const called = (): string[] => calls.splice(0);
  return {
    transport,
    handle,
    kernel,
    sink,
    told,
    gone,
    read,
    called,
    requests,
    bindings,
    close: () => closed?.(),
  };
}

const large = 'x'.repeat(20_000);

describe('reading from a handle', () => {
  test('begins when the stream does, stops when it is full and goes on when it is asked to', () => {
    const { transport, sink, told, read, called } = setUp();
    read('one');
    sink.hasRoom = false;
    read('two');
    expect(told).toEqual(['data one', 'data two']);
    expect(called()).toEqual(['readStart', 'readStop']);
    transport.resume();
    expect(called()).toEqual(['readStart']);
  });

  test('returns nothing from its callback, which libuv would take for another buffer', () => {
    const { handle } = setUp();
    expect(handle.onread.call(handle as never)).toBeUndefined();
  });

  test('tells the end once, behind the bytes, and does not begin again', () => {
    const { transport, told, read, called } = setUp();
    read('last');
    read(END_OF_FILE);
    transport.pause();
    transport.resume();
    expect(told).toEqual(['data last', 'end']);
    expect(called()).toEqual(['readStart', 'readStop']);
  });

  test('that fails closes the handle, and the error is reported when it is closed', () => {
    const { told, read, called, close, gone } = setUp();
    read(ECONNRESET);
    expect([told, called()]).toEqual([[], ['readStart', 'close']]);
    close();
    expect(told).toEqual(['closed BrokenError ECONNRESET']);
    expect(gone).toHaveBeenCalledTimes(1);
  });

  test('that cannot begin is a failure too', () => {
    const { transport, kernel, told, close } = setUp();
    kernel.read = ENOTCONN;
    transport.resume();
    close();
    expect(told).toEqual(['closed BrokenError ENOTCONN']);
  });
});

describe('writing to a handle', () => {
  test('small pieces go out together when the turn is over, and the sink is notified that they went', () => {
    const { transport, told, called } = setUp();
    transport.write('a');
    transport.write(Buffer.from('b'));
    expect([called(), transport.unsent]).toEqual([['readStart'], 2]);
    transport.flushNow();
    expect([called(), told, transport.unsent]).toEqual([
      ['pieces a,latin1,b,buffer'],
      ['drain'],
      0,
    ]);
  });

  test('pieces that are all bytes are one write of them, and no bytes are none', () => {
    const { transport, called } = setUp();
    transport.writev([Buffer.from('a'), Buffer.from('b')]);
    transport.writev([new Uint8Array()]);
    expect(called()).toEqual(['readStart', 'buffers a,b']);
  });

  test('the same request serves all writes that the kernel takes at once', () => {
    const { transport, bindings } = setUp();
    const { spare } = bindings;
    transport.write(large);
    transport.write(large);
    expect(bindings.spare).toBe(spare);
  });

  test('what the kernel does not take is unsent until it has gone, and its memory is kept', () => {
    const { transport, kernel, told, requests, bindings } = setUp();
    kernel.takes = false;
    const { spare } = bindings;
    const bytes = Buffer.alloc(20_000);
    transport.write(bytes);
    expect(bindings.spare).not.toBe(spare);
    expect(Object.values(requests[0] as object)).toContain(bytes);
    expect([transport.unsent, transport.isReleased, told]).toEqual([20_000, false, []]);
    requests[0]?.complete();
    expect([transport.unsent, transport.isReleased, told]).toEqual([0, true, ['drain']]);
  });

  test('bytes that a stream wrote may be changed by its caller, also while the kernel does not take them', async () => {
    const { handle, bindings, kernel, called, requests } = setUp();
    const stream = new ByteStream(new HandleTransport('tcp', handle, bindings));
    kernel.takes = false;
    const bytes = Buffer.from('first');
    await stream.writeAll(bytes);
    bytes.fill('?');
    await turn();
    expect(called().at(-1)).toBe('buffer first');
    bytes.fill('!');
    expect(requests[0]).toMatchObject({ data: Buffer.from('first') });
  });

  test('a waiter is notified in the next tick when a large piece takes along what waited', async () => {
    const { transport, told } = setUp();
    transport.write('small');
    transport.write(large);
    // Not from inside the call of the sink.
    expect([transport.unsent, told]).toEqual([0, []]);
    await turn();
    expect(told[0]).toBe('drain');
  });

  test('that fails at once closes the handle, and its bytes stay unsent', async () => {
    const { transport, kernel, told, called, close } = setUp();
    kernel.write = EPIPE;
    transport.write(large);
    transport.write(large);
    expect([transport.unsent, told]).toEqual([40_000, []]);
    await turn();
    await turn();
    expect(called().filter((call) => call.startsWith('string'))).toHaveLength(1);
    close();
    expect(told).toEqual(['closed BrokenError EPIPE']);
  });

  test('that fails reads first what the kernel still has, though there is no room', async () => {
    const { transport, kernel, told, sink, read, called, close } = setUp();
    sink.hasRoom = false;
    transport.pause();
    kernel.write = EPIPE;
    transport.write(large);
    read('one');
    await turn();
    await turn();
    read('two');
    await turn();
    await turn();
    expect(told).toEqual(['data one', 'data two']);
    expect(called().filter((call) => call === 'readStop')).toHaveLength(1);
    read(END_OF_FILE);
    close();
    expect(told).toEqual(['data one', 'data two', 'closed BrokenError EPIPE']);
    expect(transport.unsent).toBe(20_000);
  });

  test('that fails later does the same, and the first failure is the one that is reported', () => {
    const { transport, kernel, told, requests, read, close } = setUp();
    kernel.takes = false;
    transport.write(large);
    requests[0]?.complete(EPIPE);
    read(ECONNRESET);
    close();
    expect([transport.unsent, told]).toEqual([20_000, ['closed BrokenError EPIPE']]);
  });
});

describe('finishing a handle', () => {
  test('sends FIN only when everything before it is with the kernel', () => {
    const { transport, kernel, requests, called } = setUp();
    const finished = jest.fn();
    kernel.takes = false;
    transport.write(large);
    transport.end(finished);
    expect(called()).toEqual(['readStart', `string ${large}`]);
    requests[0]?.complete();
    expect([called(), finished.mock.calls]).toEqual([['shutdown'], []]);
    requests[1]?.complete();
    expect(finished).toHaveBeenCalledTimes(1);
  });

  test.each(['theirs first', 'ours first'])('closes it when both sides have ended, %s', (order) => {
    const { transport, told, requests, read, called, close } = setUp();
    const finished = (): void => {
      told.push('finished');
    };
    const end = (): void => {
      transport.end(finished);
      requests[0]?.complete();
    };
    if (order === 'ours first') end();
    read(END_OF_FILE);
    if (order === 'theirs first') end();
    expect(called()).toEqual(['readStart', 'shutdown', 'close']);
    close();
    expect(told.toSorted()).toEqual(['closed', 'end', 'finished']);
    expect(told.at(-1)).toBe('closed');
  });

  test('is finished when the connection is gone already: reading tells how', async () => {
    const { transport, kernel } = setUp();
    kernel.shutdown = ENOTCONN;
    const finished = jest.fn();
    transport.end(finished);
    expect(finished).not.toHaveBeenCalled();
    await turn();
    expect(finished).toHaveBeenCalledTimes(1);
  });

  test('that fails is a failure of the connection', () => {
    const { transport, kernel, told, close } = setUp();
    kernel.shutdown = EINVAL;
    transport.end(() => told.push('finished'));
    close();
    expect(told).toEqual(['closed AddressError EINVAL']);
  });
});

describe('letting go of a handle', () => {
  test('waits for what was accepted', () => {
    const { transport, kernel, requests, called } = setUp();
    kernel.takes = false;
    transport.write(large);
    transport.close();
    expect(called()).toEqual(['readStart', `string ${large}`]);
    requests[0]?.complete();
    expect(called()).toEqual(['close']);
  });

  test('can be cut short by a reset, and what was dropped stays unsent', () => {
    const { transport, kernel, requests, told, called, close } = setUp();
    kernel.takes = false;
    transport.write(large);
    transport.close();
    transport.reset();
    requests[0]?.complete(-125);
    expect(called()).toEqual(['readStart', `string ${large}`, 'reset']);
    close();
    expect([transport.unsent, told]).toEqual([20_000, ['closed']]);
  });

  test('a reset while FIN is being sent waits for it: libuv would refuse it and forget the handle', () => {
    const { transport, requests, called } = setUp();
    const finished = jest.fn();
    transport.end(finished);
    transport.reset();
    expect(called()).toEqual(['readStart', 'shutdown']);
    requests[0]?.complete();
    expect(called()).toEqual(['reset']);
    expect(finished).not.toHaveBeenCalled();
  });

  test('a handle that refuses a reset, or has none, is closed', () => {
    const refused = setUp();
    refused.kernel.reset = EINVAL;
    refused.transport.reset();
    expect(refused.called()).toEqual(['readStart', 'reset', 'close']);
    const unix = setUp('unix');
    unix.transport.reset();
    expect(unix.called()).toEqual(['readStart', 'close']);
  });

  test('makes it deaf: nothing is asked of it any more', () => {
    const { transport, called, told, requests, close } = setUp();
    transport.end(() => told.push('finished'));
    transport.close();
    called();
    transport.pause();
    transport.resume();
    transport.write('small');
    transport.write(large);
    transport.writev([Buffer.from('a')]);
    transport.flushNow();
    transport.end(() => told.push('finished'));
    transport.close();
    transport.reset();
    transport.setRef(true);
    transport.setNoDelay(true);
    transport.setKeepAlive(true);
    requests[0]?.complete(-125);
    close();
    expect([called(), told]).toEqual([[], ['closed']]);
    expect([transport.unsent, transport.isReleased]).toEqual([20_006, false]);
  });

  test('tells what was read before', () => {
    const { transport, handle, bindings, told, close } = setUp();
    bindings.results[0] = 0;
    bindings.results[0] = 3;
    handle.onread.call(handle as never);
    transport.close();
    close();
    expect(told.map((line) => line.slice(0, 4))).toEqual(['data', 'clos']);
  });
});

test('the options of a socket reach its handle, the delay in whole seconds', () => {
  const { transport, called } = setUp();
  called();
  transport.setNoDelay(false);
  transport.setKeepAlive(60_500);
  transport.setKeepAlive(false);
  transport.setRef(false);
  transport.setRef(true);
  expect(called()).toEqual([
    'noDelay false',
    'keepAlive true 61',
    'keepAlive false 0',
    'unref',
    'ref',
  ]);
});
