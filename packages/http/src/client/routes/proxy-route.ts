/** Connections through a proxy: plain ones carry requests in absolute form, tunnels carry TLS (RFC 9110 section 9.3.6). */

import { IoError, TcpStream, type ByteStream, type WaitOptions } from '@awaitio/core';
import type { Proxy } from './proxy-rules.ts';
import type { Dialing, Route, secured } from './route.ts';
import type { ClientTlsOptions } from './tls-options.ts';
import type { Target } from './target.ts';

/** The most bytes of a proxy's answer to `CONNECT`. */
const MAX_ANSWER = 16_384;

/**
 * The way to a target through a proxy.
 *
 * @param secure - Secures a stream: handed in, as in `proxy-rules`.
 */
export function proxyRoute(
  target: Target,
  proxy: Proxy,
  dialing: Dialing,
  secure: typeof secured,
): Route {
  const { connect = connectTcp, tls } = dialing;
  const toProxy = (stream: ByteStream, options: WaitOptions): Promise<ByteStream> =>
    secure(stream, hostOf(proxy.address), forProxy(tls), options);
  if (!target.isSecure) {
    return {
      connect: (options) => connect(proxy.address, options),
      secure: proxy.isSecure ? toProxy : undefined,
    };
  }
  const address = target.address as string;
  return {
    connect: async (options) => {
      let stream = await connect(proxy.address, options);
      if (proxy.isSecure) stream = await toProxy(stream, options);
      return tunnel(stream, address, proxy, options);
    },
    secure: (stream, options) => secure(stream, hostOf(address), tls, options),
  };
}

/** The host of `host:port`; an IPv6 address without brackets. */
function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replaceAll(/[[\]]/g, '');
}

const connectTcp: NonNullable<Dialing['connect']> = (address, options) =>
  TcpStream.connect(address, options);

/** What is for the server, and not for the proxy: its name, and who the client is. */
const FOR_SERVER: ReadonlySet<string> = new Set([
  'servername',
  'checkServerIdentity',
  'cert',
  'key',
  'pfx',
  'passphrase',
]);

function forProxy(tls: ClientTlsOptions | undefined): ClientTlsOptions | undefined {
  if (tls === undefined) return undefined;
  return Object.fromEntries(Object.entries(tls).filter(([name]) => !FOR_SERVER.has(name)));
}

/** Asks the proxy for a tunnel. @throws `IoError` when it refuses; the stream is closed then */
async function tunnel(
  stream: ByteStream,
  address: string,
  { origin, authorization }: Proxy,
  options: WaitOptions,
): Promise<ByteStream> {
  try {
    const credentials =
      authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`;
    await stream.writeAll(
      `CONNECT ${address} HTTP/1.1\r\nHost: ${address}\r\n${credentials}\r\n`,
      options,
    );
    const status = await answerOf(stream, origin, options);
    if (status >= 200 && status < 300) return stream;
    throw refused(origin, `answered ${status}`, status === 407 ? CREDENTIALS : '');
  } catch (error) {
    stream.reset();
    throw error;
  }
}

/** The status of the final answer. */
async function answerOf(stream: ByteStream, origin: string, options: WaitOptions): Promise<number> {
  for (;;) {
    const head = await stream.readUntil('\r\n\r\n', { ...options, limit: MAX_ANSWER });
    const text = head === null ? '' : Buffer.from(head).toString('latin1');
    const status = Number(/^HTTP\/1\.[01] (\d{3})[ \r]/.exec(text)?.[1] ?? 0);
    if (status === 0) throw refused(origin, head === null ? 'hung up' : 'spoke no HTTP/1.1', '');
    if (status >= 200) return status;
  }
}

const CREDENTIALS = '; give it credentials in the URL of `proxy`';

function refused(origin: string, what: string, advice: string): IoError {
  return new IoError(
    `connect: the proxy ${origin} ${what} when it was asked for a tunnel${advice}`,
    {
      code: 'ERR_HTTP_PROXY',
      operation: 'connect',
    },
  );
}
