import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  BrokenError,
  BusyError,
  Framed,
  FrameReader,
  FrameWriter,
  InvalidInputError,
  lengthDelimited,
  LimitError,
  lines,
  memoryPair,
  UnexpectedEofError,
  WOULD_BLOCK,
  type ByteStream,
  type Codec,
  type Decoder,
  type LengthDelimitedOptions,
  type LinesOptions,
} from '../index.ts';
import { lengthDelimitedCodec, linesCodec } from '../lowlevel.ts';
import { lockstepPair } from '../testing/index.ts';

const reason = new Error('the caller gave up');
const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const text = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString('latin1');

async function closeAll(...streams: readonly ByteStream[]): Promise<void> {
  await Promise.all(streams.map((stream) => stream.close()));
}

/** Lets a given up call go, and no other failure. */
function onlyGivenUp(error: unknown): undefined {
  if (error !== reason) throw error;
}

/** Lets every task that can go on go on. */
async function idle(): Promise<void> {
  for (let index = 0; index < 5; index += 1) await turn();
}

/** What bytes become: the frames, how many bytes were taken for them, and how it ended. */
async function decodeAll<T>(decoder: Decoder<T>, wire: string, chunkSize: number) {
  const [sender, receiver] = memoryPair({ chunkSize });
  const sending = sender.writeAll(latin1(wire)).then(() => sender.shutdown('write'));
  const frames: T[] = [];
  let code: unknown;
  try {
    for await (const frame of new FrameReader(receiver, decoder)) frames.push(frame);
  } catch (error) {
    ({ code } = error as { code: unknown });
  }
  const { bytesRead, buffered } = receiver.statistics();
  await sending;
  await closeAll(sender, receiver);
  return { frames, taken: bytesRead - buffered, code };
}

/** A row of a wire table: bytes, the frames in them, and for a failure its code and the bytes that it leaves. */
type Row = readonly [
  what: string,
  wire: string,
  frames: readonly string[],
  failure?: readonly [code: string, left: string],
];

/** Reads each row whole and cut small, and writes what reads back as it was. */
function checkTable<T extends string | Uint8Array>(
  codec: Codec<T>,
  show: (frame: T) => string,
  table: readonly Row[],
): void {
  describe.each([
    ['whole', Infinity],
    ['byte by byte', 1],
    ['three bytes at a time', 3],
  ])('%s', (_how, chunkSize) => {
    test.each(table)('%s', async (...row) => {
      const [, wire, frames, failure] = row;
      const outcome = await decodeAll(codec, wire, chunkSize);
      expect(outcome.frames.map(show)).toEqual(frames);
      expect(outcome.code).toBe(failure?.[0]);
      expect(outcome.taken).toBe(wire.length - (failure?.[1].length ?? 0));
    });
  });

  test.each(table)('%s, written again and followed by other bytes', async (...row) => {
    const { frames } = await decodeAll(codec, row[1], Infinity);
    const [client, server] = memoryPair({ chunkSize: 2 });
    const writer = new FrameWriter(client, codec);
    // A line that ends in CR cannot be written where CRLF ends one too.
    const items = frames.filter((frame) => !show(frame).endsWith('\r'));
    for (const item of items) await writer.write(item);
    await client.writeAll('rest');
    for (const item of items) expect(await server.readFrame(codec)).toEqual(item);
    expect(text(await server.readExactly(4))).toBe('rest');
    await closeAll(client, server);
  });
}

/** A string of bytes, one per character, as the UTF-8 text it stands for. */
const asUtf8 = (line: string): string => Buffer.from(line).toString('latin1');

describe('lines that end in LF or CRLF', () => {
  checkTable(linesCodec({ limit: 8 }), asUtf8, [
    ['nothing', '', []],
    ['one line', 'one\n', ['one']],
    ['two lines', 'one\ntwo\n', ['one', 'two']],
    ['both line ends mixed', 'one\r\ntwo\nthree\r\n', ['one', 'two', 'three']],
    ['empty lines', '\n\r\n\n', ['', '', '']],
    ['a CR that ends nothing', 'a\rb\n', ['a\rb']],
    ['two CRs before the end', 'a\r\r\n', ['a\r']],
    ['a last line without an end', 'one\ntwo', ['one', 'two']],
    ['a last line that ends in CR', 'one\r', ['one\r']],
    ['a line as long as the limit', '1234567\n', ['1234567']],
    ['a line over the limit', 'ok\n12345678\n', ['ok'], ['ERR_LIMIT', '12345678\n']],
    ['a line over the limit without an end', '123456789', [], ['ERR_LIMIT', '123456789']],
    ['letters of several bytes', '\xc3\xa4\xe2\x82\xac\n', ['\xc3\xa4\xe2\x82\xac']],
    ['a byte order mark', '\xef\xbb\xbfa\n', ['\xef\xbb\xbfa']],
    ['bytes that are no UTF-8', 'a\xff\n', ['a\xef\xbf\xbd']],
  ]);
});

describe('lines that end in CRLF alone', () => {
  checkTable(linesCodec({ lineEnd: 'crlf', fatal: true, unterminated: false }), asUtf8, [
    ['nothing', '', []],
    ['two lines', 'one\r\ntwo\r\n', ['one', 'two']],
    ['an empty line', '\r\n', ['']],
    ['a bare LF', 'ok\r\none\ntwo\r\n', ['ok'], ['ERR_BARE_LINE_END', 'one\ntwo\r\n']],
    ['an LF first', '\n', [], ['ERR_BARE_LINE_END', '\n']],
    ['a bare CR', 'one\rtwo\r\n', [], ['ERR_BARE_LINE_END', 'one\rtwo\r\n']],
    ['two CRs before LF', 'one\r\r\n', [], ['ERR_BARE_LINE_END', 'one\r\r\n']],
    ['a last line that was cut off', 'one\r\nDELE', ['one'], ['ERR_UNEXPECTED_EOF', 'DELE']],
    ['a last line cut off in its end', 'one\r', [], ['ERR_UNEXPECTED_EOF', 'one\r']],
    ['bytes that are no UTF-8', 'a\xff\r\n', [], ['ERR_INVALID_UTF8', 'a\xff\r\n']],
    ['half a letter', 'a\xc3\r\n\xa4\r\n', [], ['ERR_INVALID_UTF8', 'a\xc3\r\n\xa4\r\n']],
  ]);

  test('a last line without an end may be taken all the same, but not with a CR in it', async () => {
    const codec = linesCodec({ lineEnd: 'crlf' });
    expect((await decodeAll(codec, 'a\r\nb', Infinity)).frames).toEqual(['a', 'b']);
    expect((await decodeAll(codec, 'a\r\nb\r', Infinity)).code).toBe('ERR_BARE_LINE_END');
  });
});

describe('a line to be written', () => {
  test.each([
    ['lf', 'a\nb'],
    ['lf', 'a\n'],
    ['lf', 'a\r'],
    ['crlf', 'a\nb'],
    ['crlf', 'a\rb'],
    ['crlf', 'a\r\n'],
  ] as const)('with the line end %s is refused when it is %j', async (lineEnd, line) => {
    const [client, server] = memoryPair();
    await expect(lines(client, { lineEnd }).write(line)).rejects.toThrow(InvalidInputError);
    expect(client.statistics().bytesWritten).toBe(0);
    await closeAll(client, server);
  });

  test('is refused over the limit, counted in bytes with its end', async () => {
    const [client, server] = memoryPair();
    const framed = lines(client, { limit: 4 });
    await expect(framed.write('äb')).resolves.toBeUndefined();
    await expect(framed.write('äbc')).rejects.toMatchObject({ limitName: 'limit', limit: 4 });
    await expect(framed.write('abcd')).rejects.toThrow(LimitError);
    await closeAll(client, server);
  });

  test('is refused when it is no string', async () => {
    const [client, server] = memoryPair();
    await expect(lines(client).write(7 as unknown as string)).rejects.toThrow(InvalidInputError);
    await closeAll(client, server);
  });
});

test.each<readonly [string, LinesOptions]>([
  ['limit', { limit: 0 }],
  ['limit', { limit: 1.5 }],
  ['lineEnd', { lineEnd: 'cr' as 'lf' }],
])('lines refuse a wrong %s', (name, options) => {
  expect(() => linesCodec(options)).toThrow(`expected \`${name}\` to be`);
});

describe('frames of a four-byte length', () => {
  checkTable(lengthDelimitedCodec({ limit: 5 }), text, [
    ['nothing', '', []],
    ['one frame', '\0\0\0\x03abc', ['abc']],
    ['an empty frame', '\0\0\0\0', ['']],
    ['three frames', '\0\0\0\x01a\0\0\0\0\0\0\0\x02bc', ['a', '', 'bc']],
    ['a frame as long as the limit', '\0\0\0\x0512345', ['12345']],
    ['a frame over the limit', '\0\0\0\x06123456', [], ['ERR_LIMIT', '\0\0\0\x06123456']],
    ['a length of all bits', '\0\0\0\0\xff\xff\xff\xff', [''], ['ERR_LIMIT', '\xff\xff\xff\xff']],
    ['a length cut off', '\0\0\0\x01a\0\0', ['a'], ['ERR_UNEXPECTED_EOF', '\0\0']],
    ['a payload cut off', '\0\0\0\x03ab', [], ['ERR_UNEXPECTED_EOF', '\0\0\0\x03ab']],
  ]);
});

describe('frames of a two-byte little-endian length that counts itself', () => {
  checkTable(
    lengthDelimitedCodec({ lengthBytes: 2, endian: 'little', includesHeader: true }),
    text,
    [
      ['one frame', '\x05\0abc', ['abc']],
      ['an empty frame', '\x02\0', ['']],
      ['a frame of more than 255 bytes', `\x2e\x01${'x'.repeat(300)}`, ['x'.repeat(300)]],
      ['a length too small for itself', '\x02\0\x01\0', [''], ['ERR_FRAME_LENGTH', '\x01\0']],
      ['a length of nothing', '\0\0', [], ['ERR_FRAME_LENGTH', '\0\0']],
    ],
  );
});

describe('a length field', () => {
  test.each([
    [1, 'big', [3]],
    [3, 'big', [0, 0, 3]],
    [8, 'big', [0, 0, 0, 0, 0, 0, 0, 3]],
    [8, 'little', [3, 0, 0, 0, 0, 0, 0, 0]],
  ] as const)('of %d bytes, %s first, is written so', async (lengthBytes, endian, header) => {
    const [client, server] = memoryPair();
    const framed = lengthDelimited(client, { lengthBytes, endian });
    await framed.write(latin1('abc'));
    expect([...(await server.readExactly(lengthBytes + 3))]).toEqual([...header, 97, 98, 99]);
    await closeAll(client, server);
  });

  test('of eight bytes that says more than a number can hold is over the limit', async () => {
    const wire = '\x7f\xff\xff\xff\xff\xff\xff\xff';
    const codec = lengthDelimitedCodec({ lengthBytes: 8, limit: Number.MAX_SAFE_INTEGER - 8 });
    expect(await decodeAll(codec, wire, 1)).toEqual({ frames: [], taken: 0, code: 'ERR_LIMIT' });
  });

  test('refuses a payload longer than it can say', async () => {
    const [client, server] = memoryPair();
    const framed = lengthDelimited(client, { lengthBytes: 1, includesHeader: true });
    await framed.write(new Uint8Array(254));
    await expect(framed.write(new Uint8Array(255))).rejects.toMatchObject({
      limitName: 'lengthBytes',
      limit: 1,
    });
    await expect(
      lengthDelimited(client, { limit: 2 }).write(new Uint8Array(3)),
    ).rejects.toMatchObject({ limitName: 'limit', limit: 2 });
    await expect(framed.write('abc' as unknown as Uint8Array)).rejects.toThrow(InvalidInputError);
    expect(client.statistics().bytesWritten).toBe(255);
    await closeAll(client, server);
  });

  test.each<readonly [string, LengthDelimitedOptions]>([
    ['lengthBytes', { lengthBytes: 0 }],
    ['lengthBytes', { lengthBytes: 9 }],
    ['lengthBytes', { lengthBytes: 2.5 }],
    ['endian', { endian: 'middle' as 'big' }],
    ['limit', { limit: -1 }],
    ['limit', { limit: Infinity }],
  ])('with a wrong %s is refused', (name, options) => {
    expect(() => lengthDelimitedCodec(options)).toThrow(`expected \`${name}\` to be`);
  });
});

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
      expect(await decodeAll(bracketed, `[a][${'b'.repeat(20)}]`, size)).toMatchObject(
        // Whole, the decoder has seen it all; cut, it stops at the limit.
        size === 1 ? { taken: 3, code: 'ERR_LIMIT' } : { taken: 25, code: undefined },
      );
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
