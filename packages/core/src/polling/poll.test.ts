import { describe, expect, test } from '@jest/globals';
import {
  BrokenError,
  BusyError,
  ClosedError,
  Interest,
  InvalidInputError,
  MemoryListener,
  memoryPair,
  Poll,
  TcpListener,
  TcpStream,
  WOULD_BLOCK,
} from '../index.ts';
import { lockstepPair, ManualClock } from '../testing/index.ts';

const { READABLE, WRITABLE } = Interest;
const NOW = { timeout: 0 };

const pairs = async (
  body: (
    ours: ReturnType<typeof memoryPair>[0],
    theirs: ReturnType<typeof memoryPair>[0],
  ) => Promise<void>,
): Promise<void> => {
  const [ours, theirs] = memoryPair();
  try {
    await body(ours, theirs);
  } finally {
    await ours.close();
    await theirs.close();
  }
};

describe('a poll set', () => {
  test('tells a source that was ready before it was registered', () =>
    pairs(async (ours, theirs) => {
      await theirs.writeAll('x');
      const poll = new Poll<string>();
      poll.register(ours, 'ours', READABLE);
      expect(await poll.poll(NOW)).toEqual([
        {
          token: 'ours',
          isReadable: true,
          isWritable: false,
          isReadClosed: false,
          isWriteClosed: false,
          error: undefined,
        },
      ]);
    }));

  test('tells a source again until it is drained, and not after', () =>
    pairs(async (ours, theirs) => {
      const poll = new Poll<string>();
      poll.register(ours, 'ours', READABLE);
      await theirs.writeAll('abcd');
      const buffer = new Uint8Array(2);
      const seen: number[] = [];
      for (let turn = 0; turn < 3; turn += 1) {
        seen.push((await poll.poll(NOW)).length);
        ours.tryRead(buffer);
      }
      expect(seen).toEqual([1, 1, 0]);
      expect(ours.tryRead(buffer)).toBe(WOULD_BLOCK);
    }));

  test('waits for a source that becomes ready later', () =>
    pairs(async (ours, theirs) => {
      const poll = new Poll<number>();
      poll.register(ours, 7, READABLE);
      const turn = poll.poll();
      expect(poll.statistics().waits).toHaveLength(1);
      theirs.tryWrite('x');
      expect((await turn).map(({ token }) => token)).toEqual([7]);
    }));

  test('waits without spinning while it is empty, and notices a registration meanwhile', () =>
    pairs(async (ours, theirs) => {
      await theirs.writeAll('x');
      const poll = new Poll<string>();
      const turn = poll.poll();
      await new Promise(setImmediate);
      expect(poll.statistics()).toMatchObject({ registered: 0, candidates: 0 });
      expect(poll.statistics().waits).toHaveLength(1);
      poll.register(ours, 'late', READABLE);
      expect((await turn)[0]?.token).toBe('late');
    }));

  test('gives no events when the timeout passes', async () => {
    const clock = new ManualClock();
    const poll = new Poll<string>({ clock });
    let events: unknown;
    void poll.poll({ timeout: 500 }).then((given) => {
      events = given;
    });
    await clock.advance(499);
    expect(events).toBeUndefined();
    await clock.advance(1);
    expect(events).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('leaves no timer behind when a source is faster than the timeout', async () => {
    const clock = new ManualClock();
    const [ours, theirs] = memoryPair();
    const poll = new Poll<string>({ clock });
    poll.register(ours, 'ours', READABLE);
    const turn = poll.poll({ timeout: 500 });
    theirs.tryWrite('x');
    await turn;
    expect(clock.pending).toBe(0);
    await ours.close();
    await theirs.close();
  });

  test('rejects with the reason of the signal, and works on', () =>
    pairs(async (ours, theirs) => {
      const poll = new Poll<string>();
      poll.register(ours, 'ours', READABLE);
      const controller = new AbortController();
      const turn = poll.poll({ signal: controller.signal });
      controller.abort(new Error('enough'));
      await expect(turn).rejects.toThrow('enough');
      await expect(poll.poll({ signal: controller.signal })).rejects.toThrow('enough');
      theirs.tryWrite('x');
      expect(await poll.poll()).toHaveLength(1);
    }));

  test('tells the end of the stream as readable and read-closed', () =>
    pairs(async (ours, theirs) => {
      const poll = new Poll<string>();
      poll.register(ours, 'ours', READABLE);
      await theirs.shutdown('write');
      const [event] = await poll.poll();
      expect(event).toMatchObject({ isReadable: true, isReadClosed: true, isWriteClosed: false });
      expect(ours.tryRead(new Uint8Array(1))).toBe(null);
    }));

  test('tells what broke a source, whatever the interest is', () =>
    pairs(async (ours, theirs) => {
      const poll = new Poll<string>();
      // Until the peer's queue is full too.
      while (ours.tryWrite(new Uint8Array(65_536)) !== WOULD_BLOCK) {
        await new Promise(setImmediate);
      }
      poll.register(ours, 'ours', WRITABLE);
      expect(await poll.poll(NOW)).toEqual([]);
      theirs.reset();
      const [event] = await poll.poll();
      expect(event?.error).toBeInstanceOf(BrokenError);
      expect(event).toMatchObject({ isWritable: true, isReadClosed: true, isWriteClosed: true });
    }));

  test('tells writable when the peer has made room', async () => {
    const [ours, theirs] = lockstepPair();
    const poll = new Poll<string>();
    while (ours.tryWrite('x') !== WOULD_BLOCK);
    poll.register(ours, 'ours', WRITABLE);
    expect(await poll.poll(NOW)).toEqual([]);
    const turn = poll.poll();
    while (theirs.tryRead(new Uint8Array(65_536)) !== WOULD_BLOCK);
    expect(await turn).toMatchObject([{ token: 'ours', isWritable: true, isReadable: false }]);
    ours.reset();
    await theirs.close();
  });

  test('changes the token and the interest with reregister', () =>
    pairs(async (ours, theirs) => {
      await theirs.writeAll('x');
      const poll = new Poll<string>();
      poll.register(ours, 'reads', READABLE);
      poll.reregister(ours, 'writes', WRITABLE);
      expect(await poll.poll(NOW)).toMatchObject([
        { token: 'writes', isWritable: true, isReadable: false },
      ]);
      poll.reregister(ours, 'both', READABLE | WRITABLE);
      expect(await poll.poll(NOW)).toMatchObject([
        { token: 'both', isWritable: true, isReadable: true },
      ]);
      expect(poll.size).toBe(1);
    }));

  test('forgets the token of what is unregistered, also when the source was closed before', () =>
    pairs(async (ours, theirs) => {
      const poll = new Poll<object>();
      poll.register(ours, {}, READABLE);
      poll.register(theirs, {}, READABLE);
      await ours.close();
      expect(poll.unregister(ours)).toBe(false);
      expect(poll.unregister(theirs)).toBe(true);
      expect(poll.statistics()).toMatchObject({ registered: 0, candidates: 0 });
      theirs.tryWrite('x');
      expect(await poll.poll(NOW)).toEqual([]);
    }));

  test('has a smaller size as soon as this side closes or resets a source', () =>
    pairs(async (ours, theirs) => {
      const listener = new MemoryListener();
      const poll = new Poll<number>();
      poll.register(ours, 1, READABLE);
      poll.register(theirs, 2, READABLE);
      poll.register(listener, 3, READABLE);
      void ours.close();
      expect(poll.size).toBe(2);
      theirs.reset();
      expect(poll.size).toBe(1);
      void listener.close();
      expect(poll.size).toBe(0);
      expect(poll.statistics()).toMatchObject({ registered: 0, candidates: 0 });
    }));

  test('drops by itself a source that this side closed, without an event', () =>
    pairs(async (ours) => {
      const poll = new Poll<string>();
      poll.register(ours, 'ours', READABLE | WRITABLE);
      await ours.close();
      expect(await poll.poll(NOW)).toEqual([]);
      expect(poll.size).toBe(0);
    }));

  test('refuses what is wrong with one clear sentence', () =>
    pairs(async (ours) => {
      const poll = new Poll<string>();
      expect(() => {
        poll.register(ours, 'ours', 4);
      }).toThrow(InvalidInputError);
      poll.register(ours, 'ours', READABLE);
      expect(() => {
        poll.register(ours, 'again', READABLE);
      }).toThrow(/not registered yet/);
      poll.unregister(ours);
      expect(() => {
        poll.reregister(ours, 'gone', READABLE);
      }).toThrow(/one that is registered/);
      await ours.close();
      expect(() => {
        poll.register(ours, 'closed', READABLE);
      }).toThrow(ClosedError);
      expect(() => new Poll({ maxEvents: 0 })).toThrow(/maxEvents/);
    }));

  test('lets one task poll at a time', async () => {
    const poll = new Poll<string>();
    const first = poll.poll();
    await expect(poll.poll()).rejects.toThrow(BusyError);
    poll.wake();
    expect(await first).toEqual([]);
    expect(await poll.poll(NOW)).toEqual([]);
  });

  test('keeps a wake for the next turn when no one waits', async () => {
    const poll = new Poll<string>();
    poll.wake();
    expect(await poll.poll()).toEqual([]);
  });

  test('ends a waiting turn with ClosedError when it is closed, and leaves the sources open', () =>
    pairs(async (ours, theirs) => {
      const poll = new Poll<string>();
      poll.register(ours, 'ours', READABLE);
      const turn = poll.poll();
      poll.close();
      poll.close();
      await expect(turn).rejects.toThrow(ClosedError);
      await expect(poll.poll()).rejects.toThrow(ClosedError);
      expect(() => {
        poll.register(ours, 'ours', READABLE);
      }).toThrow(ClosedError);
      await theirs.writeAll('x');
      expect(await ours.read(new Uint8Array(1))).toBe(1);
    }));

  test('reaches every source in turn when more are ready than one turn gives', async () => {
    const streams = Array.from({ length: 5 }, () => memoryPair());
    const poll = new Poll<number>({ maxEvents: 2 });
    for (const [token, [ours, theirs]] of streams.entries()) {
      theirs.tryWrite('x');
      await ours.readable();
      poll.register(ours, token, READABLE);
    }
    const turns: number[][] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      turns.push((await poll.poll(NOW)).map(({ token }) => token));
    }
    expect(turns).toEqual([
      [0, 1],
      [2, 3],
      [4, 0],
      [1, 2],
      [3, 4],
    ]);
    for (const [ours, theirs] of streams) {
      await ours.close();
      await theirs.close();
    }
  });

  test('lets timers run though a source is always ready', () =>
    pairs(async (ours) => {
      const poll = new Poll<string>();
      poll.register(ours, 'ours', WRITABLE);
      const timer = { hasFired: false };
      setTimeout(() => {
        timer.hasFired = true;
      }, 0);
      let turns = 0;
      while (!timer.hasFired && turns < 100_000) {
        await poll.poll();
        turns += 1;
      }
      expect(timer.hasFired).toBe(true);
    }));

  test('watches a listener, its connections and their resets over TCP', async () => {
    const listener = await TcpListener.bind({ port: 0 });
    const poll = new Poll<TcpListener | TcpStream>();
    poll.register(listener, listener, READABLE);
    const client = await TcpStream.connect(listener.localAddress);
    const [connected] = await poll.poll();
    expect(connected?.token).toBe(listener);
    const stream = listener.tryAccept();
    if (stream === WOULD_BLOCK) throw new Error('no connection');
    expect(listener.tryAccept()).toBe(WOULD_BLOCK);
    poll.register(stream, stream, READABLE);
    await client.writeAll('hi');
    expect((await poll.poll()).map(({ token }) => token)).toEqual([stream]);
    expect(stream.tryRead(new Uint8Array(8))).toBe(2);
    client.reset();
    const [event] = await poll.poll();
    expect(event).toMatchObject({ token: stream, isReadClosed: true });
    expect(event?.error).toMatchObject({ code: 'ECONNRESET' });
    poll.close();
    await stream.close();
    await listener.close();
  });
});
