import { describe, expect, jest, test } from '@jest/globals';
import { ByteStream, memoryPair, moveOnAfter, BrokenError } from '../../src/index.ts';
import { finishStream, type Transport, type TransportSink } from '../../src/lowlevel.ts';

/** A carrier that a test controls, and its stream. */
function setUp() {
  const calls: string[] = [];
  let sink: TransportSink | undefined;
  const state = { unsent: 0, finished: (): void => {} };
  const transport: Transport = {
    get unsent() {
      return state.unsent;
    },
    get isReleased() {
      return state.unsent === 0;
    },
    start(given) {
      sink = given;
    },
    pause: () => {},
    resume: () => {},
    write: (data) => calls.push(`write ${String(data)}`),
    writev: () => {},
    end(finished) {
      calls.push('end');
      state.finished = finished;
    },
    reset: () => calls.push('reset'),
    close: () => calls.push('close'),
    setRef: () => {},
  };
  const stream = new ByteStream(transport);
  const owner = { onStreamClosed: jest.fn() };
  return { calls, state, stream, owner, sink: sink as unknown as TransportSink };
}

const microtask = (): Promise<void> => Promise.resolve();

describe('finishStream', () => {
  test('sends FIN, drops what arrives, and calls back once the connection is closed', async () => {
    const { calls, stream, owner, sink } = setUp();
    await stream.writeAll('answer');
    expect(finishStream(stream, owner)).toBe(true);
    expect(calls).toEqual(['write answer', 'end']);
    expect(sink.onData(Buffer.from('late'))).toBe(true);
    expect(stream.statistics().buffered).toBe(0);
    sink.onEnd();
    await microtask();
    expect(owner.onStreamClosed).not.toHaveBeenCalled();
    sink.onClosed();
    expect(owner.onStreamClosed).not.toHaveBeenCalled();
    await microtask();
    expect(owner.onStreamClosed).toHaveBeenCalledTimes(1);
    expect(await stream.closed).toMatchObject({ how: 'shutdown', by: 'local', bytesWritten: 6 });
  });

  test('the stream is closed as after `close` when it calls back', async () => {
    const { calls, stream, owner, sink } = setUp();
    owner.onStreamClosed.mockImplementation(() => {
      calls.push(`isClosed ${stream.isClosed}, isDisposed ${stream.isDisposed}`);
    });
    finishStream(stream, owner);
    sink.onClosed();
    await microtask();
    expect(calls.at(-1)).toBe('isClosed true, isDisposed true');
    await expect(stream.readChunk()).rejects.toMatchObject({ code: 'ERR_STREAM_CLOSED' });
    await stream.close();
  });

  test('calls back when the connection breaks, or this side resets it', async () => {
    const broken = setUp();
    finishStream(broken.stream, broken.owner);
    const options = { code: 'ECONNRESET', operation: 'stream' };
    broken.sink.onClosed(new BrokenError('stream: reset', options));
    const reset = setUp();
    finishStream(reset.stream, reset.owner);
    reset.stream.reset();
    reset.sink.onClosed();
    await microtask();
    for (const { owner } of [broken, reset]) expect(owner.onStreamClosed).toHaveBeenCalledTimes(1);
    expect(await broken.stream.closed).toMatchObject({ how: 'reset', by: 'peer' });
    expect(await reset.stream.closed).toMatchObject({ how: 'reset', by: 'local' });
  });

  test('a read that waits gets the end', async () => {
    const { stream, owner } = setUp();
    const reading = stream.readChunk();
    finishStream(stream, owner);
    expect(await reading).toBeNull();
  });

  test('says false where bytes are unsent: the other calls wait for them', async () => {
    const { calls, state, stream, owner, sink } = setUp();
    state.unsent = 5;
    expect(finishStream(stream, owner)).toBe(false);
    expect(calls).toEqual(['end']);
    const finished = stream.shutdown('write');
    state.unsent = 0;
    state.finished();
    await finished;
    sink.onClosed();
    await stream.closed;
    await microtask();
    expect(calls).toEqual(['end']);
    expect(owner.onStreamClosed).not.toHaveBeenCalled();
  });

  test('says false, and does nothing, when the connection has ended, or this side has closed it', async () => {
    const ended = setUp();
    ended.sink.onClosed();
    const closed = setUp();
    const closing = closed.stream.close();
    for (const { stream, owner, calls } of [ended, closed]) {
      calls.length = 0;
      expect(finishStream(stream, owner)).toBe(false);
      expect(calls).toEqual([]);
    }
    closed.sink.onClosed();
    await closing;
    expect(closed.owner.onStreamClosed).not.toHaveBeenCalled();
    expect(finishStream({}, closed.owner)).toBe(false);
  });

  test('says false for carriers that pass on memory itself', async () => {
    const [client, server] = memoryPair();
    expect(finishStream(server, { onStreamClosed: () => {} })).toBe(false);
    expect(await client.readChunk()).toBeNull();
    await client.close();
    await server.closed;
  });

  test('calls back outside of the scope that it was called in', async () => {
    const { stream, owner, sink } = setUp();
    const pair = memoryPair();
    let reading: Promise<unknown> | undefined;
    owner.onStreamClosed.mockImplementation(() => {
      reading = pair[0].readChunk();
    });
    await moveOnAfter(60_000, async () => {
      finishStream(stream, owner);
      sink.onClosed();
      await microtask();
    });
    await pair[1].writeAll('still there');
    expect(String(Buffer.from((await reading) as Uint8Array))).toBe('still there');
  });

  test('a finisher that throws ends nothing else', async () => {
    const { stream, owner, sink } = setUp();
    const printed = jest.spyOn(console, 'error').mockReturnValue();
    owner.onStreamClosed.mockImplementation(() => {
      throw new Error('unkind');
    });
    try {
      finishStream(stream, owner);
      sink.onClosed();
      await microtask();
      expect(String(printed.mock.calls[0])).toContain('onStreamClosed failed: Error: unkind');
    } finally {
      printed.mockRestore();
    }
  });
});
