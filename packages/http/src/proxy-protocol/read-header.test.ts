import { describe, expect, test } from '@jest/globals';
import { memoryPair, UnexpectedEofError } from '@awaitio/core';
import { RemoteProtocolError } from '../protocol/vocabulary/errors.ts';
import type { ProxyHeader } from './header.ts';
import { readProxyHeader } from './read-header.ts';
import { crc32c } from './v2.ts';

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const TCP4 = [192, 0, 2, 1, 198, 51, 100, 7, 0xdc, 0x04, 0x01, 0xbb];

const v2 = (command: number, family: number, ...rest: number[]): Uint8Array =>
  Uint8Array.from([...SIGNATURE, command, family, rest.length >> 8, rest.length & 255, ...rest]);
const text = (line: string): Uint8Array => Buffer.from(line, 'latin1');

/** Reads the header from the bytes and what follows it, as it arrives in pieces of `chunkSize`. */
async function read(bytes: Uint8Array, chunkSize?: number): Promise<[ProxyHeader | null, string]> {
  const [proxy, server] = memoryPair({ chunkSize });
  try {
    await proxy.writeAll(bytes);
    await proxy.shutdown('write');
    const header = await readProxyHeader(server);
    return [header, (await server.readLine()) ?? ''];
  } finally {
    proxy.reset();
    await server.close();
  }
}

const good: [name: string, bytes: Uint8Array, source: string, destination: string][] = [
  [
    'TCP4 in text',
    text('PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n'),
    '192.0.2.1:56324',
    '198.51.100.7:443',
  ],
  [
    'the longest TCP4 in text',
    text('PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n'),
    '255.255.255.255:65535',
    '255.255.255.255:65535',
  ],
  ['TCP6 in text', text('PROXY TCP6 2001:db8::1 ::1 1 2\r\n'), '[2001:db8::1]:1', '[::1]:2'],
  [
    'TCP6 in text, of a client with IPv4 on a dual-stack socket',
    text('PROXY TCP6 ::ffff:192.0.2.1 ::FFFF:198.51.100.7 1 2\r\n'),
    '[::ffff:192.0.2.1]:1',
    '[::FFFF:198.51.100.7]:2',
  ],
  [
    'the longest TCP6 in text',
    text(
      `PROXY TCP6 ${'ffff:'.repeat(8).slice(0, -1)} ${'ffff:'.repeat(8).slice(0, -1)} 65535 65535\r\n`,
    ),
    `[${'ffff:'.repeat(8).slice(0, -1)}]:65535`,
    `[${'ffff:'.repeat(8).slice(0, -1)}]:65535`,
  ],
  ['TCP4 in bytes', v2(0x21, 0x11, ...TCP4), '192.0.2.1:56324', '198.51.100.7:443'],
  ['UDP4 in bytes', v2(0x21, 0x12, ...TCP4), '192.0.2.1:56324', '198.51.100.7:443'],
  [
    'TCP6 in bytes',
    v2(
      0x21,
      0x21,
      0x20,
      1,
      0x0d,
      0xb8,
      ...Array<number>(11).fill(0),
      1,
      ...Array<number>(15).fill(0),
      1,
      0,
      1,
      0,
      2,
    ),
    '[2001:db8::1]:1',
    '[::1]:2',
  ],
  [
    'a Unix path in bytes',
    v2(
      0x21,
      0x31,
      ...text('/run/a'),
      ...Array<number>(102).fill(0),
      ...text('\0b'),
      ...Array<number>(106).fill(0),
    ),
    'unix:/run/a',
    'unix:@b',
  ],
];

describe('the PROXY header', () => {
  describe.each([
    ['whole', undefined],
    ['byte by byte', 1],
  ])('%s', (_, chunkSize) => {
    test.each(good)('names the client: %s', async (_name, bytes, source, destination) => {
      const [header, rest] = await read(Buffer.concat([bytes, text('GET /\r\n')]), chunkSize);
      expect(header).toMatchObject({ command: 'proxy' });
      expect([String(header?.source), String(header?.destination)]).toEqual([source, destination]);
      expect(rest).toBe('GET /');
    });

    test.each([
      ['UNKNOWN in text', text('PROXY UNKNOWN\r\n'), 'unknown'],
      [
        'UNKNOWN with addresses, which are ignored',
        text('PROXY UNKNOWN ffff::1 ::1 65535 65535\r\n'),
        'unknown',
      ],
      ['LOCAL in bytes', v2(0x20, 0x00), 'local'],
      ['LOCAL with addresses, which are ignored', v2(0x20, 0x11, ...TCP4), 'local'],
      ['an unspecified family', v2(0x21, 0x00, 4, 0, 0), 'unknown'],
      ['an unspecified family with a protocol', v2(0x21, 0x01, 4, 0, 2, 1, 2), 'unknown'],
      ['an unspecified protocol with a family', v2(0x21, 0x10, ...TCP4), 'unknown'],
    ])('names no client: %s', async (_name, bytes, command) => {
      const [header, rest] = await read(Buffer.concat([bytes, text('GET /\r\n')]), chunkSize);
      expect(header).toMatchObject({ command, source: undefined, destination: undefined });
      expect(rest).toBe('GET /');
    });

    test.each([
      ['plain HTTP', text('GET / HTTP/1.1\r\n\r\n')],
      ['a lower-case word', text('proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n')],
      ['another family', text('PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n')],
      ['a missing port', text('PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n')],
      ['a port too high', text('PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n')],
      ['a port with a leading zero', text('PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n')],
      ['a byte too high', text('PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n')],
      ['IPv6 as TCP4', text('PROXY TCP4 ::1 ::1 1 2\r\n')],
      ['a wrong IPv6 address', text('PROXY TCP6 1::2::3 ::1 1 2\r\n')],
      ['an IPv4 address for TCP6', text('PROXY TCP6 192.0.2.1 ::1 1 2\r\n')],
      ['a wrong IPv4 address in TCP6', text('PROXY TCP6 ::ffff:192.0.2.256 ::1 1 2\r\n')],
      ['two spaces', text('PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n')],
      ['bare LF', text(`PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n${' '.repeat(100)}`)],
      ['a line without end', text(`PROXY UNKNOWN ${'x'.repeat(200)}`)],
      ['a wrong signature', Uint8Array.from([...SIGNATURE.slice(0, 11), 0x0b, 0x21, 0x11, 0, 0])],
      ['version 1 in bytes', v2(0x11, 0x11, ...TCP4)],
      ['an unknown command', v2(0x22, 0x11, ...TCP4)],
      ['an unknown family', v2(0x21, 0x41, ...TCP4)],
      ['an unknown protocol', v2(0x21, 0x13, ...TCP4)],
      ['fewer bytes than addresses', v2(0x21, 0x21, ...TCP4)],
      ['an extension longer than the header', v2(0x21, 0x11, ...TCP4, 1, 0, 9, 1)],
      ['more than it may hold', Uint8Array.from([...SIGNATURE, 0x21, 0x11, 0xff, 0xff])],
    ])('is refused: %s', async (_name, bytes) => {
      const failure = await read(bytes, chunkSize).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(RemoteProtocolError);
      expect((failure as RemoteProtocolError).code).toBe('ERR_PROXY_HEADER');
    });

    test.each([
      ['a line cut short', text('PROXY TCP4 192.')],
      ['a head cut short', Uint8Array.from(SIGNATURE)],
      ['addresses cut short', v2(0x21, 0x11, ...TCP4).subarray(0, 20)],
    ])('that ends early fails with UnexpectedEofError: %s', async (_name, bytes) => {
      await expect(read(bytes, chunkSize)).rejects.toThrow(UnexpectedEofError);
    });
  });

  test('may be missing on a connection that sends nothing at all', async () => {
    expect(await read(new Uint8Array(0))).toEqual([null, '']);
  });

  test('keeps its extensions in order', async () => {
    const [header] = await read(v2(0x21, 0x11, ...TCP4, 0x01, 0, 2, 104, 50, 0x05, 0, 1, 9));
    expect(header?.extensions).toEqual([
      { type: 0x01, value: Uint8Array.of(104, 50) },
      { type: 0x05, value: Uint8Array.of(9) },
    ]);
  });

  test('is refused when its checksum is wrong, and only then', async () => {
    const unsummed = v2(0x21, 0x11, ...TCP4, 0x03, 0, 4, 0, 0, 0, 0);
    await expect(read(unsummed)).rejects.toThrow(/checksum/);
    const summed = Buffer.from(unsummed);
    summed.writeUInt32BE(crc32c(unsummed), summed.length - 4);
    expect((await read(summed))[0]).toMatchObject({ command: 'proxy' });
    await expect(read(v2(0x21, 0x11, ...TCP4, 0x03, 0, 1, 0))).rejects.toThrow(/checksum/);
  });

  test('has a CRC-32C checksum, with the check value of the standard', () => {
    expect(crc32c(text('123456789'))).toBe(0xe3_06_92_83);
  });
});
