/** Connections through a proxy: plain ones carry requests in absolute form, tunnels carry TLS (RFC 9110 section 9.3.6). */

import { AddressError, IoError, TcpStream, type ByteStream, type WaitOptions } from '@awaitio/core';
import type { Proxy } from './proxy-rules.ts';
import type { Secure } from './client-tls.ts';
import type { Connect, Route } from './route.ts';
import type { Target } from './target.ts';

/** The most bytes of a proxy's answer to `CONNECT`. */
const MAX_ANSWER = 16_384;

/** What a way through a proxy is made of: handed in, as in `proxy-rules`. */
export interface ProxyWays {
  readonly connect: Connect | undefined;
  /** Secures streams to the proxy. */
  readonly toProxy: Secure;
  /** Secures streams through the proxy. */
  readonly toTarget: Secure;
}

/** The way to a target through a proxy. */
export function proxyRoute(target: Target, proxy: Proxy, ways: ProxyWays): Route {
  const { toProxy, toTarget } = ways;
  const connect = connectTo(proxy, ways.connect ?? connectTcp);
  if (!target.isSecure) {
    return {
      connect,
      secure: proxy.isSecure ? toProxy : undefined,
    };
  }
  const address = target.address as string;
  return {
    connect: async (options) => {
      let stream = await connect(options);
      if (proxy.isSecure) stream = await toProxy(stream, options);
      return tunnel(stream, address, proxy, options);
    },
    secure: toTarget,
  };
}

/** Connects to the proxy. The error of an address says whose it is: the program did not ask for that address. */
function connectTo({ address, origin }: Proxy, connect: Connect): Route['connect'] {
  return async (options) => {
    try {
      return await connect(address, options);
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      const { message, code, operation } = error;
      throw new AddressError(`${message}; that is the proxy ${origin}`, {
        code,
        operation,
        cause: error,
      });
    }
  };
}

const connectTcp: Connect = (address, options) => TcpStream.connect(address, options);

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
    throw refused(origin, `answered ${status}`, adviceFor(status, authorization !== undefined));
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

/** Some proxies, such as tinyproxy, answer to wrong credentials with 401. */
function adviceFor(status: number, hasCredentials: boolean): string {
  if (status !== 407 && status !== 401) return '';
  return hasCredentials
    ? '; it does not take the credentials in its URL'
    : '; give it credentials in its URL: http://user:password@host:port';
}

function refused(origin: string, what: string, advice: string): IoError {
  return new IoError(
    `connect: the proxy ${origin} ${what} when it was asked for a tunnel${advice}`,
    {
      code: 'ERR_HTTP_PROXY',
      operation: 'connect',
    },
  );
}
