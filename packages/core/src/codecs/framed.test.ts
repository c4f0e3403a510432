/** Frames over streams: read, written, and given up at any moment. */

import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  BrokenError,
  BusyError,
  Framed,
  FrameReader,
  FrameWriter,
  lengthDelimited,
  lines,
  memoryPair,
  UnexpectedEofError,
  WOULD_BLOCK,
  type Codec,
  type Decoder,
} from '../index.ts';
import { lengthDelimitedCodec, linesCodec } from '../lowlevel.ts';
import { lockstepPair } from '../testing/index.ts';
import { closeAll } from '../../test/support/close-all.ts';
import { latin1, text, decodeAll } from '../../test/support/framing.ts';

const reason = new Error('the caller gave up');

/** Lets a given up call go, and no other failure. */
function onlyGivenUp(error: unknown): undefined {
  if (error !== reason) throw error;
}

/** Lets every task that can go on go on. */
async function idle(): Promise<void> {
  for (let index = 0; index < 5; index += 1) await turn();
}

describe('reading frames', () => {
  test('leaving the loop leaves the stream open, with every later byte in it', async () => {
    const [client, server] = memoryPair();
    const framed = lines(server);
    await client.writeAll('one\ntwo\nraw bytes');
    for await (const line of framed) {
      expect(line).toBe('one');
      break;
    }
    expect(await framed.read()).toBe('two');
    expect(text(await server.readExactly(9))).toBe('raw bytes');
    await framed.write('and back');
    expect(await client.readLine()).toBe('and back');
    await closeAll(client, server);
  });

  test('given up inside a frame, it takes nothing of it', async () => {
    const [client, server] = memoryPair();
    const framed = lengthDelimited(server);
    const stop = new AbortController();
    await client.writeAll('\0\0\0\x05he');
    const reading = framed.read({ signal: stop.signal });
    await idle();
    stop.abort(reason);
    await expect(reading).rejects.toBe(reason);
    expect(text(server.peek(99) as Uint8Array)).toBe('\0\0\0\x05he');
    await client.writeAll('llo');
    expect(text(await framed.read())).toBe('hello');
    await closeAll(client, server);
  });

  test('a frame larger than the high-water mark is read all the same', async () => {
    for (const [client, server] of [memoryPair({ readHighWaterMark: 10 }), lockstepPair()]) {
      const sending = lengthDelimited(client).write(new Uint8Array(5_000).fill(7));
      expect(await lengthDelimited(server).read()).toEqual(new Uint8Array(5_000).fill(7));
      await sending;
      await closeAll(client, server);
    }
  });

  test('a connection that breaks gives the whole frames first, then the error, and no last line', async () => {
    const [client, server] = memoryPair();
    await client.writeAll('whole\npart');
    await server.readable();
    client.reset();
    await server.closed;
    const framed = lines(server);
    expect(await framed.read()).toBe('whole');
    await expect(framed.read()).rejects.toThrow(BrokenError);
    expect(text(server.peek(9) as Uint8Array)).toBe('part');
    await closeAll(server);
  });

  test('a second reader is refused while one waits', async () => {
    const [client, server] = memoryPair();
    const framed = lines(server);
    const first = framed.read();
    await expect(framed.read()).rejects.toThrow(BusyError);
    await client.writeAll('x\n');
    expect(await first).toBe('x');
    await closeAll(client, server);
  });

  test('works on a reading half, writing on a writing half', async () => {
    const [client, server] = memoryPair();
    const [reader, writer] = server.split();
    await client.writeAll('question\n');
    expect(await new FrameReader(reader, linesCodec()).read()).toBe('question');
    const answers = new FrameWriter(writer, linesCodec());
    await answers.write('answer');
    await answers.flush();
    await answers.shutdown();
    expect(await lines(client).read()).toBe('answer');
    expect(await lines(client).read()).toBeNull();
    await closeAll(client, server);
  });
});

describe('a decoder of one’s own', () => {
  /** Frames between brackets, with an escape: it steps over the input as it looks. */
  const bracketed: Decoder<string> = {
    limit: 10,
    decode(input) {
      let frame = '';
      if (input.length === 0) return WOULD_BLOCK;
      if (text(input.take(1)) !== '[') throw reason;
      while (input.length > 0) {
        const letter = text(input.take(1));
        if (letter === ']') return frame;
        frame += letter;
      }
      return WOULD_BLOCK;
    },
  };

  test.each([Infinity, 1])(
    'takes nothing until it returns a frame (pieces of %d)',
    async (size) => {
      expect(await decodeAll(bracketed, '[a][bc][]', size)).toMatchObject({
        frames: ['a', 'bc', ''],
        taken: 9,
      });
      expect(await decodeAll(bracketed, '[a][b', size)).toMatchObject({
        frames: ['a'],
        taken: 3,
        code: 'ERR_UNEXPECTED_EOF',
      });
      expect(await decodeAll(bracketed, `[a][${'b'.repeat(20)}]`, size)).toMatchObject({
        taken: 3,
        code: 'ERR_LIMIT',
      });
    },
  );

  test('that throws fails the read and takes nothing', async () => {
    const [client, server] = memoryPair();
    await client.writeAll('[a]x');
    expect(await server.readFrame(bracketed)).toBe('a');
    await expect(server.readFrame(bracketed)).rejects.toBe(reason);
    expect(text(await server.readExactly(1))).toBe('x');
    const waiting = server.readFrame(bracketed);
    await client.writeAll('y');
    await expect(waiting).rejects.toBe(reason);
    expect(text(await server.readExactly(1))).toBe('y');
    await closeAll(client, server);
  });

  test('that steps over more than is there fails with the reason', async () => {
    const [client, server] = memoryPair();
    await client.writeAll('ab');
    for (const count of [3, -1, 0.5]) {
      const wrong: Decoder<string> = { decode: (input) => text(input.take(count)) };
      await expect(server.readFrame(wrong)).rejects.toThrow(RangeError);
    }
    expect(text(await server.readExactly(2))).toBe('ab');
    await closeAll(client, server);
  });

  test('searches a long frame that comes in small pieces once, and finds what lies across them', async () => {
    const end = latin1('--end--');
    let searched = 0;
    const search: Decoder<number> = {
      decode(input) {
        const before = input.indexOf(end);
        searched += 1;
        if (before === -1) return WOULD_BLOCK;
        // A second search, from behind the first find, and one for something else.
        input.skip(before + end.length);
        const other = input.indexOf(latin1('x'));
        return input.indexOf(end) === -1 && other === -1 ? before : -2;
      },
    };
    const [client, server] = memoryPair({ chunkSize: 1 });
    const reading = server.readFrame(search);
    await client.writeAll(`${'-'.repeat(300)}--end-+--end--`);
    expect(await reading).toBe(307);
    expect(searched).toBeGreaterThan(300);
    await closeAll(client, server);
  });
});

describe('writing frames', () => {
  test('given up in the middle, it sends the rest before the next frame: never half a frame', async () => {
    const [client, server] = memoryPair({ readHighWaterMark: 4, writeHighWaterMark: 4 });
    const framed = lines(client);
    const stop = new AbortController();
    const progress = { accepted: 0 };
    const writing = framed.write('a long first line', { signal: stop.signal, progress });
    await idle();
    stop.abort(reason);
    await expect(writing).rejects.toBe(reason);
    expect(progress.accepted).toBeGreaterThan(0);
    const next = framed.write('second').then(() => framed.shutdown());
    const got = lines(server);
    expect(await got.read()).toBe('a long first line');
    expect(await got.read()).toBe('second');
    expect(await got.read()).toBeNull();
    await next;
    await closeAll(client, server);
  });

  test.each(['flush', 'shutdown'] as const)('%s sends the rest of a frame too', async (how) => {
    const [client, server] = memoryPair({ readHighWaterMark: 4, writeHighWaterMark: 4 });
    const framed = lines(client);
    const stop = new AbortController();
    const writing = framed.write('a long first line', { signal: stop.signal });
    await idle();
    stop.abort(reason);
    await expect(writing).rejects.toBe(reason);
    const ending = framed[how]();
    expect(await lines(server).read()).toBe('a long first line');
    await ending;
    await closeAll(client, server);
  });

  test('given up before its first byte was accepted, a frame is not sent', async () => {
    const [client, server] = memoryPair({ readHighWaterMark: 4, writeHighWaterMark: 4 });
    const framed = lines(client);
    // Fill the way to the peer, so that nothing more is accepted.
    const first = new AbortController();
    const writing = framed.write('a long first line', { signal: first.signal });
    await idle();
    first.abort(reason);
    await expect(writing).rejects.toBe(reason);
    for (let round = 0; round < 2; round += 1) {
      const second = new AbortController();
      const progress = { accepted: 9 };
      const dropped = framed.write('dropped', { signal: second.signal, progress });
      second.abort(reason);
      await expect(dropped).rejects.toBe(reason);
      expect(progress.accepted).toBe(0);
    }
    const rest = framed.write('third').then(() => framed.shutdown());
    const got: string[] = [];
    for await (const line of lines(server)) got.push(line);
    expect(got).toEqual(['a long first line', 'third']);
    await rest;
    await closeAll(client, server);
  });

  test('a second writer is refused while one waits, and harms neither frame', async () => {
    const [client, server] = memoryPair({ readHighWaterMark: 4, writeHighWaterMark: 4 });
    const framed = lines(client);
    const stop = new AbortController();
    const writing = framed.write('a long first line', { signal: stop.signal });
    const refused = framed.write('another');
    stop.abort(reason);
    await expect(refused).rejects.toThrow(BusyError);
    await expect(writing).rejects.toBe(reason);
    const flushing = framed.flush();
    expect(await lines(server).read()).toBe('a long first line');
    await flushing;
    await closeAll(client, server);
  });

  test('two writes that find room go out whole and in order', async () => {
    const [client, server] = memoryPair();
    const framed = lines(client);
    await Promise.all([framed.write('one'), framed.write('two')]);
    expect(text(await server.readExactly(8))).toBe('one\ntwo\n');
    await closeAll(client, server);
  });

  test('the caller may change its payload as soon as the write has settled', async () => {
    const [client, server] = memoryPair();
    const payload = latin1('abc');
    await lengthDelimited(client).write(payload);
    payload.fill(0);
    expect(text(await lengthDelimited(server).read())).toBe('abc');
    await closeAll(client, server);
  });

  test('closing the framed stream closes the stream', async () => {
    const [client, server] = memoryPair();
    const framed = new Framed(client, linesCodec());
    expect(framed.stream).toBe(client);
    await framed[Symbol.asyncDispose]();
    expect(client.isClosed).toBe(true);
    await expect(lines(server).read()).resolves.toBeNull();
    await closeAll(server);
  });
});

describe('what is written is read back, whatever the cuts and the moments it is given up', () => {
  const world = fc.record({
    chunkSize: fc.constantFrom(1, 2, 3, 17, 1_000),
    mark: fc.constantFrom(1, 5, 64, 4_096),
    /** After how many turns each write and each read is aborted, to be tried again. */
    abortAfter: fc.array(fc.nat({ max: 6 }), { maxLength: 12 }),
  });

  /** Sends every item and reads them all, giving up and going on; every item comes exactly once and in order. */
  async function roundTrip<T>(
    codec: Codec<T>,
    items: readonly T[],
    {
      chunkSize,
      mark,
      abortAfter,
    }: { chunkSize: number; mark: number; abortAfter: readonly number[] },
  ): Promise<T[]> {
    const marks = { chunkSize, readHighWaterMark: mark, writeHighWaterMark: mark };
    const [client, server] = memoryPair(marks);
    const remaining = [...abortAfter];
    /** A signal that aborts after the next number of turns, or never. */
    const nextSignal = (): AbortSignal => {
      const stop = new AbortController();
      const turns = remaining.shift();
      void (async () => {
        for (let index = 0; index < (turns ?? -1); index += 1) await Promise.resolve();
        if (turns !== undefined) stop.abort(reason);
      })();
      return stop.signal;
    };
    const write = async (): Promise<void> => {
      const writer = new FrameWriter(client, codec);
      for (const item of items) {
        const progress = { accepted: 0 };
        while (progress.accepted === 0) {
          await writer.write(item, { signal: nextSignal(), progress }).catch(onlyGivenUp);
        }
      }
      await writer.shutdown();
    };
    const read = async (): Promise<T[]> => {
      const got: T[] = [];
      for (;;) {
        const frame = await server.readFrame(codec, { signal: nextSignal() }).catch(onlyGivenUp);
        if (frame === null) return got;
        if (frame !== undefined) got.push(frame);
      }
    };
    const [, got] = await Promise.all([write(), read()]);
    await closeAll(client, server);
    return got;
  }

  test('lines', async () => {
    const line = fc.string({ unit: 'binary', maxLength: 30 }).map((content) =>
      Buffer.from(content)
        .toString()
        .replaceAll(/[\r\n]/g, '-'),
    );
    const options = fc.record({
      lineEnd: fc.constantFrom<'lf' | 'crlf'>('lf', 'crlf'),
      fatal: fc.boolean(),
      unterminated: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 8 }),
        options,
        world,
        async (items, rules, way) => {
          expect(await roundTrip(linesCodec(rules), items, way)).toEqual(items);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('length-delimited frames', async () => {
    const options = fc.record({
      lengthBytes: fc.integer({ min: 1, max: 8 }),
      endian: fc.constantFrom<'big' | 'little'>('big', 'little'),
      includesHeader: fc.boolean(),
    });
    const payloads = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(payloads, options, world, async (items, rules, way) => {
        expect(await roundTrip(lengthDelimitedCodec(rules), items, way)).toEqual(items);
      }),
      { numRuns: 100 },
    );
  });
});

test('a frame cut off by the end is an UnexpectedEofError', async () => {
  const [client, server] = memoryPair();
  await client.writeAll('\0\0');
  await client.shutdown('write');
  await expect(lengthDelimited(server).read()).rejects.toThrow(UnexpectedEofError);
  await closeAll(client, server);
});
