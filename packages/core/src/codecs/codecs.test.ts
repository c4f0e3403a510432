import { describe, expect, test } from '@jest/globals';
import {
  FrameWriter,
  InvalidInputError,
  lengthDelimited,
  LimitError,
  lines,
  memoryPair,
  type Codec,
  type LengthDelimitedOptions,
  type LinesOptions,
} from '../index.ts';
import { lengthDelimitedCodec, linesCodec } from '../lowlevel.ts';
import { closeAll } from '../../test/support/close-all.ts';
import { latin1, text, decodeAll } from '../../test/support/framing.ts';

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
