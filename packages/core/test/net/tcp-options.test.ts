import { Socket } from 'node:net';
import { afterEach, expect, jest, test } from '@jest/globals';
import { TcpListener, TcpStream } from '../../src/index.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

test('Nagle’s algorithm and keep-alive can be changed on an open connection', async () => {
  const noDelay = jest.spyOn(Socket.prototype, 'setNoDelay');
  const keepAlive = jest.spyOn(Socket.prototype, 'setKeepAlive');
  const listener = await TcpListener.bind('127.0.0.1:0');
  const client = await TcpStream.connect(listener.localAddress);
  const server = await listener.accept();
  noDelay.mockClear();
  keepAlive.mockClear();
  client.setNoDelay(false);
  client.setNoDelay(true);
  client.setKeepAlive(false);
  client.setKeepAlive(60_000);
  expect(noDelay.mock.calls).toEqual([[false], [true]]);
  expect(keepAlive.mock.calls).toEqual([[false], [true, 60_000]]);
  await Promise.all([client.close(), server.close(), listener.close()]);
});

test('streams and listeners close at the end of an await using block', async () => {
  let listener: TcpListener;
  let client: TcpStream;
  {
    await using bound = await TcpListener.bind('127.0.0.1:0');
    await using stream = await TcpStream.connect(bound.localAddress);
    listener = bound;
    client = stream;
  }
  expect([listener.isDisposed, client.isClosed]).toEqual([true, true]);
});
