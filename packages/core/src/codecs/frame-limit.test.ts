/** The limit of a frame: the same however its bytes arrive, in both directions. */

import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Framed, FrameWriter, memoryPair, WOULD_BLOCK, type Codec } from '../index.ts';
import { closeAll } from '../../test/support/close-all.ts';
import { decodeAll, latin1, text } from '../../test/support/framing.ts';

const WAYS = [Infinity, 3, 1];

/** Text with a NUL behind it; the delimiter is made anew in each call. */
const terminated: Codec<string> = {
  limit: 8,
  decode(input) {
    const end = input.indexOf(new Uint8Array(1));
    if (end === -1) return WOULD_BLOCK;
    return text(input.take(end + 1).subarray(0, end));
  },
  encode: (item) => latin1(`${item}\0`),
};

/** The size, a digit, and so many bytes; it looks at what follows by its own arithmetic. */
const sized: Codec<string> = {
  limit: 8,
  decode(input) {
    const size = Number(text(input.peek(1)));
    if (input.length < size + 1) return WOULD_BLOCK;
    input.skip(1);
    return text(input.take(size));
  },
  encode: (item) => latin1(`${item.length}${item}`),
};

describe.each(WAYS)('the limit of a codec, with pieces of %d bytes', (chunkSize) => {
  test.each([
    ['is long enough for a frame of as many bytes', terminated, '1234567\0ab\0', 11, undefined],
    ['refuses a frame of one byte more', terminated, 'ab\x0012345678\0', 3, 'ERR_LIMIT'],
    ['refuses a frame with more bytes behind it', terminated, '123456789\0ab\0', 0, 'ERR_LIMIT'],
    ['refuses a frame that never ends', terminated, '1'.repeat(50), 0, 'ERR_LIMIT'],
    ['allows for a header', sized, '712345673123', 12, undefined],
    ['refuses a frame that is too long with its header', sized, '3123812345678', 4, 'ERR_LIMIT'],
  ])('%s', async (_what, codec, wire, taken, code) => {
    expect(await decodeAll(codec, wire, chunkSize)).toMatchObject({ taken, code });
  });

  test('hides what lies behind it: length, peek, take, skip and indexOf end there', async () => {
    const seen: unknown[] = [];
    const [client, server] = memoryPair({ chunkSize });
    const sending = client.writeAll('0123456789');
    const decode = (input: Parameters<typeof terminated.decode>[0]) => {
      if (input.length < 4) return WOULD_BLOCK;
      seen.push(input.length, text(input.peek(10)));
      seen.push(input.indexOf(latin1('34')), input.indexOf(latin1('5')));
      expect(() => input.take(5)).toThrow(RangeError);
      input.skip(4);
      seen.push(input.length, input.peek(1).length);
      return 'frame';
    };
    expect(await server.readFrame({ limit: 4.5, decode })).toBe('frame');
    expect(seen).toEqual([4, '0123', -1, -1, 0, 0]);
    expect(text(await server.readExactly(6))).toBe('456789');
    await sending;
    await closeAll(client, server);
  });
});

test('frames of any lengths give the same, in one piece and in pieces of any size', async () => {
  const lengths = fc.array(fc.nat({ max: 9 }), { maxLength: 5 });
  const codec = fc.constantFrom(terminated, sized);
  await fc.assert(
    fc.asyncProperty(codec, lengths, fc.integer({ min: 1, max: 12 }), async (...world) => {
      const [each, sizes, chunkSize] = world;
      const frames = sizes.map((size) => 'x'.repeat(size));
      const wire = frames.map((frame) => text(each.encode(frame))).join('');
      const outcome = await decodeAll(each, wire, chunkSize);
      expect(outcome).toEqual(await decodeAll(each, wire, Infinity));
      const tooLong = frames.findIndex((frame) => frame.length > 7);
      expect(outcome.frames).toEqual(frames.slice(0, tooLong === -1 ? frames.length : tooLong));
      expect(outcome.code).toBe(tooLong === -1 ? undefined : 'ERR_LIMIT');
    }),
  );
});

describe('a frame that is written', () => {
  test('has at most the bytes of the limit; of a longer one nothing is sent', async () => {
    const [client, server] = memoryPair();
    const framed = new Framed(client, terminated);
    await framed.write('1234567');
    await expect(framed.write('12345678')).rejects.toMatchObject({
      code: 'ERR_LIMIT',
      operation: 'write',
      limitName: 'limit',
      limit: 8,
      message: 'write: a frame of 9 bytes is over the limit of 8; nothing of it was sent',
    });
    await framed.write('ok');
    await framed.shutdown();
    expect(text(await server.readExactly(11))).toBe('1234567\0ok\0');
    expect(await server.readChunk()).toBeNull();
    await closeAll(client, server);
  });

  test('has any length where the codec has no limit', async () => {
    const [client, server] = memoryPair();
    const { encode } = terminated;
    const writing = new FrameWriter(client, { encode }).write('x'.repeat(100_000));
    expect((await server.readExactly(100_001)).length).toBe(100_001);
    await writing;
    await closeAll(client, server);
  });

  test.each([0, NaN, '99', null])('is refused where the limit is %p', async (limit) => {
    const [client, server] = memoryPair();
    const codec = { ...terminated, limit: limit as number };
    await expect(new Framed(client, codec).write('1234567890')).rejects.toMatchObject({
      code: 'ERR_INVALID_INPUT',
      message: expect.stringContaining('expected `encoder.limit` to be a number of bytes from 1'),
    });
    await closeAll(client, server);
  });
});

test.each([
  ['made anew in each call', () => Uint8Array.of(13, 10)],
  ['a slice of a buffer in each call', () => latin1('..\r\n').subarray(2)],
])('bytes are searched once for a delimiter that is %s', async (_what, delimiter) => {
  const [client, server] = memoryPair();
  const searched: number[] = [];
  const decode = (input: Parameters<typeof terminated.decode>[0]) => {
    const wanted = delimiter();
    let looked = 0;
    // A search reads the first byte of what it looks for once for each call, and again for each place that matches.
    const counting = new Proxy(wanted, {
      get(target, name) {
        if (name === Symbol.iterator) looked += 1;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const end = input.indexOf(counting);
    searched.push(looked);
    return end === -1 ? WOULD_BLOCK : text(input.take(end + 2));
  };
  const reading = server.readFrame({ decode });
  // Each CR is a place that is compared; one that was compared before is not compared again.
  for (let round = 0; round < 5; round += 1) await client.writeAll('\rx');
  await client.writeAll('\r\n');
  expect(await reading).toBe('\rx\rx\rx\rx\rx\r\n');
  expect(searched).toEqual([1, 1, 1, 1, 1, 1]);
  await closeAll(client, server);
});
