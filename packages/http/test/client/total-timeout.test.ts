/** The timeout of a request is named in whatever phase the time runs out, not the deadline of that phase. */

import { describe, expect, test } from '@jest/globals';
import { TcpListener, TcpStream, TimeoutError, TlsStream } from '@awaitio/core';
import { HttpClient, type HttpClientOptions } from '../../src/index.ts';

const LIMIT = 40;

async function failureOf(options: HttpClientOptions, url = 'http://server/'): Promise<unknown> {
  const client = new HttpClient(options);
  try {
    return await client.get(url, { timeout: LIMIT }).then(
      (response) => response.text(),
      (error: unknown) => error,
    );
  } catch (error) {
    return error;
  } finally {
    await client.close();
  }
}

/** A server that accepts, and sends what it is given. */
async function serverOf(answer: string): Promise<TcpListener> {
  const listener = await TcpListener.bind({ port: 0 });
  void (async () => {
    for await (const stream of listener) {
      await stream.writeAll(answer);
      void stream.readClosed().then(() => stream.close());
    }
  })();
  return listener;
}

describe('the timeout of a request is named', () => {
  const expected = new TimeoutError('request', LIMIT);

  test.each<[string, HttpClientOptions]>([
    [
      'while a name is looked up',
      { connect: (_, options) => TcpStream.connect('name.test:1', { ...options, lookup() {} }) },
    ],
    [
      'while a TLS connection looks a name up',
      { connect: (_, options) => TlsStream.connect('name.test:1', { ...options, lookup() {} }) },
    ],
  ])('%s', async (_name, options) => {
    expect(await failureOf(options)).toEqual(expected);
  });

  test.each([
    ['during a TLS handshake', ''],
    ['while the server says nothing', ''],
    ['in the middle of a head', 'HTTP/1.1 200 OK\r\n'],
    ['in the middle of a body', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'],
  ])('%s', async (name, answer) => {
    const listener = await serverOf(answer);
    const connect: HttpClientOptions['connect'] = name.includes('TLS')
      ? (_address, options) => TlsStream.connect(listener.localAddress, options)
      : (_address, options) => TcpStream.connect(listener.localAddress, options);
    expect(await failureOf({ connect })).toEqual(expected);
    await listener.close();
  });

  test('while it waits for a connection of the pool', async () => {
    const listener = await serverOf('');
    const client = new HttpClient({
      maxConnectionsPerOrigin: 1,
      connect: (_address, options) => TcpStream.connect(listener.localAddress, options),
    });
    const first = client.get('http://server/').catch(() => {});
    await expect(client.get('http://server/', { timeout: LIMIT })).rejects.toEqual(expected);
    await client.close();
    await first;
    await listener.close();
  });
});
