/**
 * The PROXY protocol, versions 1 and 2: how a proxy passes on the client's address
 * (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt).
 *
 * The header comes once, before the first byte of the connection's own protocol. Its sender can claim any address, so it is
 * read from trusted peers only. From them it is required, complete and well-formed, or the connection ends. From other
 * peers no header is read; one that they send is malformed HTTP.
 */

import { LimitError, WOULD_BLOCK, type ByteStream, type WaitOptions } from '@awaitio/core';
import { checkMethods, checkOptions, WAIT_OPTIONS } from '@awaitio/core/lowlevel';
import { latin1 } from '../protocol/vocabulary/latin1.ts';
import { malformed, type ProxyHeader } from './header.ts';
import { parseProxyV1 } from './v1.ts';
import { parseProxyV2, V2_HEAD, V2_SIGNATURE } from './v2.ts';

/** The longest header of version 1, CRLF included (section 2.1). */
const V1_LIMIT = 107;
/** More than any known set of extensions needs; the length field allows 65535. */
const V2_LIMIT = 4_096;

/**
 * Reads the PROXY header at the beginning of a stream, and nothing after it.
 *
 * @param options - `signal` and `timeout` in milliseconds.
 * @returns The header; `null` when the stream ended before its first byte, as it does for a port probe.
 * @throws `RemoteProtocolError` when the stream does not begin with a valid header (its bytes may then be consumed);
 * `UnexpectedEofError` when the stream ends inside the header; the stream's errors; `TimeoutError`; `signal.reason`.
 *
 * @example
 * ```ts
 * import { memoryPair } from '@awaitio/core';
 * import { readProxyHeader } from '@awaitio/http';
 *
 * const [proxy, server] = memoryPair();
 * await proxy.writeAll('PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\nGET / HTTP/1.1\r\n');
 * const header = await readProxyHeader(server);
 * console.log(String(header?.source), await server.readLine()); // 192.0.2.1:56324 GET / HTTP/1.1
 * await proxy.close();
 * await server.close();
 * ```
 */
export async function readProxyHeader(
  stream: ByteStream,
  options?: WaitOptions,
): Promise<ProxyHeader | null> {
  checkMethods('readProxyHeader', 'stream', stream, ['readable', 'peek', 'readUntil']);
  if (options !== undefined) checkOptions('readProxyHeader', options, WAIT_OPTIONS);
  await stream.readable(options);
  const first = stream.peek(1);
  if (first === null) return null;
  if (first !== WOULD_BLOCK && first[0] === 0x0d) return readV2(stream, options);
  if (first !== WOULD_BLOCK && first[0] !== 0x50) throw malformed('no PROXY header');
  return readV1(stream, options);
}

async function readV1(stream: ByteStream, options: WaitOptions | undefined): Promise<ProxyHeader> {
  let line;
  try {
    line = await stream.readUntil('\r\n', { ...options, limit: V1_LIMIT });
  } catch (error) {
    throw error instanceof LimitError ? malformed('no line end within 107 bytes') : error;
  }
  return parseProxyV1(latin1(line ?? new Uint8Array(0)));
}

async function readV2(stream: ByteStream, options: WaitOptions | undefined): Promise<ProxyHeader> {
  const head = await stream.readExactly(V2_HEAD, options);
  if (!latin1(head).startsWith(V2_SIGNATURE)) throw malformed('no version 2 signature');
  const length = ((head[14] as number) << 8) | (head[15] as number);
  if (length > V2_LIMIT) throw malformed('more than 4096 bytes of addresses and extensions');
  const rest = await stream.readExactly(length, options);
  return parseProxyV2(head, rest);
}
