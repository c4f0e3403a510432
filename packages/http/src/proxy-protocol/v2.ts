/** Version 2 of the PROXY protocol: a binary header (section 2.2 of its specification). */

import { InetAddress, PathAddress, type Address } from '@awaitio/core';
import { latin1 } from '../protocol/vocabulary/latin1.ts';
import { malformed, type ProxyExtension, type ProxyHeader } from './header.ts';

/** The first 12 bytes. */
export const V2_SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';
/** The length of the fixed part: signature, version and command, family, length. */
export const V2_HEAD = 16;

/** PP2_TYPE_CRC32C: a checksum of the whole header, with the checksum's own bytes as zeros. */
const CRC32C = 0x03;

/** How many bytes the addresses take, by the address family in the high half of the 14th byte. */
const ADDRESS_BYTES: Readonly<Record<number, number>> = { 1: 12, 2: 36, 3: 216 };
/** Each of the two Unix paths. */
const PATH_BYTES = 108;

/**
 * Parses a version 2 header.
 *
 * @param head - Its first 16 bytes.
 * @param rest - The bytes after them, as many as the head announces.
 * @throws `RemoteProtocolError` when it is malformed.
 */
export function parseProxyV2(head: Uint8Array, rest: Uint8Array): ProxyHeader {
  const [versionAndCommand = 0, familyAndProtocol = 0] = head.subarray(12);
  if (versionAndCommand >> 4 !== 2) throw malformed('a version other than 2');
  const command = versionAndCommand & 0x0f;
  if (command > 1) throw malformed('an unknown command');
  const family = familyAndProtocol >> 4;
  if (family > 3 || (familyAndProtocol & 0x0f) > 2) throw malformed('an unknown address family');
  const noAddresses = { version: 2, source: undefined, destination: undefined } as const;
  // LOCAL is the proxy's own connection: addresses in it must be ignored.
  if (command === 0) return { ...noAddresses, command: 'local', extensions: [] };
  const size = ADDRESS_BYTES[family] ?? 0;
  if (rest.length < size) throw malformed('fewer bytes than its addresses take');
  const extensions = parseExtensions(head, rest, size);
  // Without a family or a protocol there is no address, whatever follows (section 2.2, AF_UNSPEC and UNSPEC).
  if (family === 0 || (familyAndProtocol & 0x0f) === 0)
    return { ...noAddresses, command: 'unknown', extensions };
  const [source, destination] = parseAddresses(family, rest);
  return { version: 2, command: 'proxy', source, destination, extensions };
}

function parseAddresses(family: number, bytes: Uint8Array): [Address, Address] {
  if (family === 3) {
    return [
      new PathAddress(pathOf(bytes.subarray(0, PATH_BYTES))),
      new PathAddress(pathOf(bytes.subarray(PATH_BYTES, 2 * PATH_BYTES))),
    ];
  }
  const width = family === 1 ? 4 : 16;
  const hostOf = family === 1 ? ipv4 : ipv6;
  const port = (at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  return [
    new InetAddress(hostOf(bytes.subarray(0, width)), port(2 * width)),
    new InetAddress(hostOf(bytes.subarray(width, 2 * width)), port(2 * width + 2)),
  ];
}

function ipv4(bytes: Uint8Array): string {
  return bytes.join('.');
}

/** In the canonical short form (RFC 5952). */
function ipv6(bytes: Uint8Array): string {
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) {
    groups.push((((bytes[at] as number) << 8) | (bytes[at + 1] as number)).toString(16));
  }
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}

/** A path ends at its first NUL, except that a leading NUL marks an abstract name. */
function pathOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0, 1);
  const path = latin1(end === -1 ? bytes : bytes.subarray(0, end));
  return path === '\0' ? '' : path;
}

function parseExtensions(head: Uint8Array, rest: Uint8Array, start: number): ProxyExtension[] {
  const extensions: ProxyExtension[] = [];
  for (let at = start; at < rest.length;) {
    const type = rest[at] as number;
    const length = ((rest[at + 1] ?? 0) << 8) | (rest[at + 2] ?? 0);
    const from = at + 3;
    if (from + length > rest.length) throw malformed('an extension longer than the header');
    const value = rest.slice(from, from + length);
    if (type === CRC32C) checkSum(head, rest, from, value);
    extensions.push({ type, value });
    at = from + length;
  }
  return extensions;
}

function checkSum(head: Uint8Array, rest: Uint8Array, at: number, value: Uint8Array): void {
  const whole = new Uint8Array(head.length + rest.length);
  whole.set(head);
  whole.set(rest, head.length);
  whole.fill(0, head.length + at, head.length + at + value.length);
  const claimed = value.reduce((sum, byte) => ((sum << 8) | byte) >>> 0, 0);
  if (value.length !== 4 || crc32c(whole) !== claimed) throw malformed('a wrong checksum');
}

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4), bit by bit: it runs at most once a connection. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xff_ff_ff_ff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82_f6_3b_78 : 0);
  }
  return ~crc >>> 0;
}
