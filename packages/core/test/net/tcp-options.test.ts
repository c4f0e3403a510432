import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, jest, test } from '@jest/globals';
import { TcpListener, TcpStream } from '../../src/index.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

/** What sets the options of every TCP connection, with and without a `net.Socket` around it. */
interface Handle {
  setNoDelay(noDelay: boolean): number;
  setKeepAlive(keepAlive: boolean, seconds: number): number;
}

/** The methods of all handles. */
async function handleMethods(port: number): Promise<Handle> {
  const probe = connect(port, '127.0.0.1');
  await once(probe, 'connect');
  const { _handle: handle } = probe as unknown as { readonly _handle: object };
  const methods = Object.getPrototypeOf(handle) as Handle;
  probe.resetAndDestroy();
  await once(probe, 'close');
  return methods;
}

test('Nagle’s algorithm and keep-alive can be changed on an open connection', async () => {
  const listener = await TcpListener.bind('127.0.0.1:0');
  const methods = await handleMethods(listener.localAddress.port);
  (await listener.accept()).reset();
  const client = await TcpStream.connect(listener.localAddress);
  const server = await listener.accept();
  const noDelay = jest.spyOn(methods, 'setNoDelay');
  const keepAlive = jest.spyOn(methods, 'setKeepAlive');
  client.setNoDelay(false);
  client.setNoDelay(true);
  client.setKeepAlive(60_000);
  client.setKeepAlive(false);
  expect(noDelay.mock.calls).toEqual([[false], [true]]);
  expect(keepAlive.mock.calls).toEqual([
    [true, 60],
    [false, 0],
  ]);
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
