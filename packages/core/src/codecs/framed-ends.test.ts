/** How a stream of frames ends: never with half a frame and then a clean end. */
import { describe, expect, test } from '@jest/globals';
import { ClosedError, TimeoutError } from '../vocabulary/errors.ts';
import type { ByteStream } from '../streams/byte-stream.ts';
import { memoryPair, type MemoryPairOptions } from '../memory/memory-pair.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { FrameWriter } from './frame-writer.ts';
import type { Framed } from './framed.ts';
import { lengthDelimited, lengthDelimitedCodec } from './length-delimited.ts';

const FRAME = Uint8Array.from({ length: 20 }, (_, at) => at);
const WIRE = Buffer.concat([Buffer.from([0, 0, 0, 20]), FRAME]);

/** What the peer reads, and how its reading ends. */
async function readAll(stream: ByteStream): Promise<{ bytes: Buffer; isClean: boolean }> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk);
  } catch {
    return { bytes: Buffer.concat(chunks), isClean: false };
  }
  return { bytes: Buffer.concat(chunks), isClean: true };
}

/** Lets every carrier in memory move what it can. */
const settled = async (): Promise<void> => {
  for (let turns = 0; turns < 5; turns += 1) await new Promise(setImmediate);
};

interface Scene {
  readonly a: ByteStream;
  readonly b: ByteStream;
  readonly framed: Framed<Uint8Array>;
  /** The outcome of the write of {@link FRAME}. */
  readonly writing: Promise<unknown>;
  readonly giveUp: () => void;
}

/** A frame whose write waits with `accepted` of its 24 bytes accepted. */
async function within(accepted: number, options?: MemoryPairOptions): Promise<Scene> {
  const writeHighWaterMark = accepted === 0 ? 4 : accepted;
  const [a, b] = memoryPair({ writeHighWaterMark, readHighWaterMark: 1, ...options });
  if (accepted === 0) {
    // The reader's queue and the carrier are full with other frames.
    await lengthDelimited(a).write(new Uint8Array(0));
    await settled();
    await lengthDelimited(a).write(new Uint8Array(0));
  } else {
    // The reader's queue is full, the carrier is empty.
    await a.writeAll(new Uint8Array(1));
    await settled();
  }
  const framed = lengthDelimited(a);
  const controller = new AbortController();
  const progress = { accepted: -1 };
  const writing = framed.write(FRAME, { signal: controller.signal, progress }).then(
    () => 'written',
    (error: unknown) => error,
  );
  await settled();
  expect(a.statistics().waits.map(({ operation }) => operation)).toEqual(['writeAll']);
  const giveUp = (): void => {
    controller.abort('given up');
  };
  return { a, b, framed, writing, giveUp };
}

describe.each([1, 3, 4, 5, 12, 23])('with %i of 24 bytes accepted', (accepted) => {
  test('close() after a write that was given up finishes its frame', async () => {
    const { b, framed, writing, giveUp } = await within(accepted);
    giveUp();
    expect(await writing).toBe('given up');
    const closing = framed.close();
    const { bytes, isClean } = await readAll(b);
    expect([bytes.subarray(1), isClean]).toEqual([WIRE, true]);
    await closing;
    expect((await framed.stream.closed).how).toBe('shutdown');
    await b.close();
  });

  test('close() finishes a frame that another task is writing', async () => {
    const { b, framed, writing } = await within(accepted);
    const closing = framed.close();
    const { bytes, isClean } = await readAll(b);
    expect([bytes.subarray(1), isClean, await writing]).toEqual([WIRE, true, 'written']);
    await closing;
    await b.close();
  });

  test.each(['given up', 'waiting'])(
    'close() resets when the peer does not take the frame (%s)',
    async (state) => {
      const clock = new ManualClock();
      const { b, framed, writing, giveUp } = await within(accepted, { clock });
      if (state === 'given up') {
        giveUp();
        await writing;
      }
      const closing = framed.close({ linger: 100 });
      await clock.advance(99);
      expect(framed.stream.isClosed).toBe(false);
      await clock.advance(1);
      await closing;
      const { how, error } = await framed.stream.closed;
      expect([how, error]).toEqual(['aborted', expect.any(TimeoutError)]);
      expect(String(error)).toMatch(/close.*100/);
      const outcome = await writing;
      expect(outcome instanceof ClosedError ? 'waiting' : outcome).toBe(state);
      expect((await readAll(b)).isClean).toBe(false);
      await b.close();
    },
  );

  test('shutdown() finishes the frame before FIN, and reading goes on', async () => {
    const { b, framed, writing } = await within(accepted);
    const ending = framed.shutdown();
    const { bytes, isClean } = await readAll(b);
    expect([bytes.subarray(1), isClean, await writing]).toEqual([WIRE, true, 'written']);
    await ending;
    await expect(framed.write(FRAME)).rejects.toMatchObject({ code: 'ERR_WRITE_SHUT_DOWN' });
    const answering = lengthDelimited(b).write(FRAME);
    expect(await framed.read()).toEqual(FRAME);
    await answering;
    await framed.close();
    await b.close();
  });

  test('a shutdown() that is given up sends no FIN, and writing goes on', async () => {
    const { b, framed, writing, giveUp } = await within(accepted);
    giveUp();
    await writing;
    const controller = new AbortController();
    const ending = framed.shutdown({ signal: controller.signal });
    ending.catch(() => {});
    await settled();
    await expect(framed.write(FRAME)).rejects.toMatchObject({ code: 'ERR_WRITE_SHUT_DOWN' });
    controller.abort('not now');
    await expect(ending).rejects.toBe('not now');
    const timed = framed.shutdown({ timeout: 1 });
    await expect(timed).rejects.toMatchObject({ name: 'TimeoutError', timeout: 1 });
    const reading = readAll(b);
    await framed.write(FRAME);
    await framed.close();
    expect(await reading).toEqual({
      bytes: Buffer.concat([new Uint8Array(1), WIRE, WIRE]),
      isClean: true,
    });
    await b.close();
  });

  test('two calls of close() end the stream once, after the frame', async () => {
    const { b, framed } = await within(accepted);
    const closing = Promise.all([framed.close(), framed.close(), framed[Symbol.asyncDispose]()]);
    expect(await readAll(b)).toEqual({
      bytes: Buffer.concat([new Uint8Array(1), WIRE]),
      isClean: true,
    });
    await closing;
    await framed.close();
    await b.close();
  });

  test('no other frame begins while close() finishes one', async () => {
    const { b, framed } = await within(accepted);
    const closing = framed.close();
    await expect(framed.write(FRAME)).rejects.toMatchObject({
      code: 'ERR_STREAM_CLOSED',
      operation: 'write',
    });
    expect((await readAll(b)).bytes.subarray(1)).toEqual(WIRE);
    await closing;
    await b.close();
  });
});

test('a write of which no byte was accepted fails at close(), and the wire has whole frames', async () => {
  const { b, framed, writing } = await within(0);
  const closing = framed.close();
  expect(await writing).toBeInstanceOf(ClosedError);
  expect(await readAll(b)).toEqual({ bytes: Buffer.alloc(8), isClean: true });
  await closing;
  await b.close();
});

test('a write of which no byte was accepted fails at shutdown(), and the wire has whole frames', async () => {
  const { b, framed, writing } = await within(0);
  const ending = framed.shutdown();
  expect(await writing).toMatchObject({ code: 'ERR_WRITE_SHUT_DOWN' });
  expect(await readAll(b)).toEqual({ bytes: Buffer.alloc(8), isClean: true });
  await ending;
  await Promise.all([framed.close(), b.close()]);
});

test('a writer over the writing half finishes the frame before FIN too', async () => {
  const [a, b] = memoryPair({ writeHighWaterMark: 5, readHighWaterMark: 1, chunkSize: 1 });
  const [, half] = a.split();
  const writer = new FrameWriter(half, lengthDelimitedCodec());
  await expect(writer.write(FRAME, { timeout: 1 })).rejects.toThrow(TimeoutError);
  expect(writer.isWithinFrame).toBe(true);
  const ending = writer.shutdown();
  expect(await readAll(b)).toEqual({ bytes: WIRE, isClean: true });
  await ending;
  expect(writer.isWithinFrame).toBe(false);
  await Promise.all([a.close(), b.close()]);
});

test('close() of a stream that broke within a frame settles', async () => {
  const { b, framed, giveUp, writing } = await within(5);
  giveUp();
  await writing;
  b.reset();
  await framed.stream.closed;
  await framed.close();
  expect((await framed.stream.closed).how).toBe('reset');
});

test('a peer that resets while close() finishes a frame ends it', async () => {
  const { b, framed } = await within(5);
  const closing = framed.close();
  b.reset();
  await closing;
  expect((await framed.stream.closed).how).toBe('reset');
});

test('a wrong option of close() is refused before anything is sent', async () => {
  const { b, framed, giveUp, writing } = await within(5);
  giveUp();
  await writing;
  await expect(framed.close({ linger: -1 })).rejects.toMatchObject({ code: 'ERR_INVALID_INPUT' });
  expect(framed.stream.isClosed).toBe(false);
  framed.stream.reset();
  await b.close();
});

test('the stream below, closed past its Framed, ends where it is', async () => {
  const { a, b, giveUp, writing } = await within(5);
  giveUp();
  await writing;
  const closing = a.close();
  expect(await readAll(b)).toEqual({
    bytes: Buffer.concat([new Uint8Array(1), WIRE.subarray(0, 5)]),
    isClean: true,
  });
  await closing;
  await b.close();
});
