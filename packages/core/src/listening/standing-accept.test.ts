import { describe, expect, test } from '@jest/globals';
import type { ByteStream } from '../streams/byte-stream.ts';
import { systemClock } from '../waiting/system-clock.ts';
import { ClosedError } from '../vocabulary/errors.ts';
import { WOULD_BLOCK } from '../vocabulary/would-block.ts';
import { AcceptQueue } from './accept-queue.ts';

/** A queue whose connections are names, and a taker that notes them. */
function setUp(room = Infinity) {
  const refused: string[] = [];
  const gone = new Set<string>();
  const queue = new AcceptQueue<string, ByteStream>({
    clock: systemClock,
    admission: {},
    claim: (pending) => (gone.has(pending) ? undefined : (pending as unknown as ByteStream)),
    refuse: (pending) => refused.push(pending),
  });
  const taken: unknown[] = [];
  const taker = {
    room,
    get hasRoom() {
      return taken.length < taker.room;
    },
    take(stream: unknown) {
      if (stream === 'bad') throw new Error('no');
      taken.push(stream);
    },
  };
  return { queue, refused, gone, taken, taker };
}

describe('acceptEach', () => {
  test('takes each connection as it arrives, and stays', () => {
    const { queue, taken, taker } = setUp();
    queue.admit('early');
    void queue.acceptEach(taker, undefined);
    expect(taken).toEqual(['early']);
    queue.admit('a');
    queue.admit('b');
    expect(taken).toEqual(['early', 'a', 'b']);
    expect(queue.statistics()).toMatchObject({ accepted: 3, open: 3, pending: 0 });
    expect(queue.statistics().waits).toMatchObject([{ operation: 'accept' }]);
  });

  test('leaves what it has no room for in the queue, and settles', async () => {
    const { queue, taken, taker } = setUp(1);
    const standing = queue.acceptEach(taker, undefined);
    queue.admit('a');
    expect(queue.statistics().waits).toHaveLength(1);
    queue.admit('b');
    await standing;
    expect(taken).toEqual(['a']);
    expect(queue.statistics()).toMatchObject({ pending: 1, waits: [] });
    taker.room = 2;
    void queue.acceptEach(taker, undefined);
    expect(taken).toEqual(['a', 'b']);
  });

  test('takes turns with calls of accept', async () => {
    const { queue, taken, taker } = setUp();
    void queue.acceptEach(taker, undefined);
    const first = queue.accept(undefined);
    const second = queue.accept(undefined);
    for (const name of ['a', 'b', 'c', 'd']) queue.admit(name);
    expect(await first).toBe('b');
    expect(await second).toBe('c');
    expect(taken).toEqual(['a', 'd']);
  });

  test('passes over a connection that has ended meanwhile', () => {
    const { queue, gone, taken, taker } = setUp();
    gone.add('gone');
    queue.admit('gone');
    queue.admit('a');
    void queue.acceptEach(taker, undefined);
    expect(taken).toEqual(['a']);
    gone.add('later');
    queue.admit('later');
    queue.admit('b');
    expect(taken).toEqual(['a', 'b']);
    expect(queue.statistics()).toMatchObject({ open: 2, pending: 0 });
  });

  test('rejects with what take throws, and takes no more', async () => {
    const { queue, taken, taker } = setUp();
    const standing = queue.acceptEach(taker, undefined);
    queue.admit('bad');
    queue.admit('a');
    await expect(standing).rejects.toThrow('no');
    expect(taken).toEqual([]);
    expect(queue.tryAccept()).toBe('a');
  });

  test('rejects when accepting fails, the signal aborts, or the listener closes', async () => {
    const { queue, taken, taker } = setUp();
    const failing = queue.acceptEach(taker, undefined);
    queue.fail(new Error('out of descriptors'));
    await expect(failing).rejects.toThrow('out of descriptors');
    const controller = new AbortController();
    const aborted = queue.acceptEach(taker, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    const closing = queue.acceptEach(taker, undefined);
    queue.close();
    await expect(closing).rejects.toMatchObject({ code: 'ERR_LISTENER_CLOSED' });
    await expect(queue.acceptEach(taker, undefined)).rejects.toMatchObject({
      code: 'ERR_LISTENER_CLOSED',
    });
    expect(taken).toEqual([]);
  });

  test('a failure that came before it is its own', async () => {
    const { queue, taker } = setUp();
    queue.fail(new Error('early'));
    await expect(queue.acceptEach(taker, undefined)).rejects.toThrow('early');
    expect(queue.tryAccept()).toBe(WOULD_BLOCK);
  });
});

describe('accept, where all that was admitted before a drain has ended', () => {
  test('fails as after close, instead of waiting for ever', async () => {
    const { queue, gone } = setUp();
    queue.admit('gone');
    gone.add('gone');
    const drained = queue.drain();
    await expect(queue.accept(undefined)).rejects.toThrow(ClosedError);
    await drained;
  });
});
