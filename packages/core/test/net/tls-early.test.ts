/** What a peer sends with the last of its handshake, and what is done to a connection in that very moment. */

import { afterEach, describe, expect, test } from '@jest/globals';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { TlsListener, TlsStream, type TlsBindOptions } from '../../src/index.ts';
import { keep } from '../support/keep.ts';
import { tcpPair } from '../support/socket-pairs.ts';
import { authority, identity, secure } from '../support/tls.ts';

/** Without handles there is a Node stream between TLS and the one below, which then is in use. */
const usesHandles = process.env['AWAITIO_SOCKET_READS'] !== 'events';
const sockets: TLSSocket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

const bind = async (options: Partial<TlsBindOptions> = {}): Promise<TlsListener> =>
  keep(await TlsListener.bind('127.0.0.1:0', { ...identity, ...options }));

/** Node's client: what is written before the handshake is complete leaves with its last message. */
function clientOf(listener: TlsListener, options = {}): TLSSocket {
  const { port } = listener.localAddress as { port: number };
  const socket = connectTls({
    host: '127.0.0.1',
    port,
    ca: authority.cert,
    servername: 'example.test',
    ...options,
  });
  socket.on('error', () => {});
  sockets.push(socket);
  return socket;
}

async function untilPending(listener: TlsListener): Promise<void> {
  while (listener.statistics().pending === 0) await turn();
  // What came with the handshake has been looked at.
  for (let count = 0; count < 20; count += 1) await turn();
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('with the end of a %s handshake', (version) => {
  test.each([
    [1, false],
    [100_000, false],
    [100_000, true],
  ])(
    '%i bytes and an end are there when it is accepted late (close_notify required: %s)',
    async (size, requireCloseNotify) => {
      const listener = await bind({ requireCloseNotify });
      const socket = clientOf(listener, { maxVersion: version });
      socket.end(Buffer.alloc(size, 'x'));
      await untilPending(listener);
      const stream = keep(await listener.accept());
      expect((await stream.readExactly(size)).every((byte) => byte === 120)).toBe(true);
      expect(await stream.readChunk()).toBeNull();
      await stream.writeAll('and an answer');
      await stream.close();
      const answer: Buffer[] = [];
      for await (const chunk of socket) answer.push(chunk as Buffer);
      expect(String(Buffer.concat(answer))).toBe('and an answer');
    },
  );

  test('a peer that resets reads as broken, or as the end, and never hangs', async () => {
    const listener = await bind();
    const socket = clientOf(listener, { maxVersion: version });
    const stream = keep(await listener.accept());
    socket.write('half');
    socket.destroy();
    const end = await stream.readExactly(5).catch((error: unknown) => (error as Error).name);
    expect(['UnexpectedEofError', 'BrokenError']).toContain(end);
    await stream.close();
    expect(stream.isClosed).toBe(true);
  });

  test.each([
    ['reset', (stream: TlsStream) => stream.reset()],
    ['close', (stream: TlsStream) => void stream.close()],
    ['shutdown', (stream: TlsStream) => void stream.shutdown('write')],
    [
      'write and reset',
      (stream: TlsStream) => {
        stream.tryWrite('x'.repeat(200_000));
        stream.reset();
      },
    ],
    [
      'write and close',
      (stream: TlsStream) => {
        stream.tryWrite('x'.repeat(200_000));
        void stream.close();
      },
    ],
  ])('%s on either side ends both', async (_name, act) => {
    for (const side of ['client', 'server'] as const) {
      const listener = await bind();
      const accepting = listener.accept().then((stream) => {
        if (side === 'server') act(stream);
        return keep(stream);
      });
      const client = keep(
        await TlsStream.connect(String(listener.localAddress), {
          ca: authority.cert,
          servername: 'example.test',
          maxVersion: version,
        }),
      );
      if (side === 'client') act(client);
      const server = await accepting;
      const drain = async (stream: TlsStream): Promise<void> => {
        try {
          while ((await stream.readChunk()) !== null);
        } catch {
          // Reset: an end as well.
        }
        await stream.close();
      };
      await Promise.all([drain(client), drain(server)]);
      expect(client.isClosed && server.isClosed).toBe(true);
      await listener.close();
      expect(listener.statistics().open).toBe(0);
    }
  });
});

test('a session callback may end the connection', async () => {
  const listener = await bind();
  const accepting = listener.accept();
  let isCalled = false;
  const client: TlsStream = keep(
    await TlsStream.connect(String(listener.localAddress), {
      ca: authority.cert,
      servername: 'example.test',
      onSession: () => {
        isCalled = true;
        client.reset();
      },
    }),
  );
  const server = keep(await accepting);
  await server.writeAll('x');
  await client.closed;
  expect(isCalled).toBe(true);
  await server.close();
});

test('the stream below is given away: it is neither read nor written, and ending it ends both', async () => {
  for (const end of ['reset', 'close'] as const) {
    const plain = keep(await tcpPair());
    const { client, server } = await secure(plain);
    await client.writeAll('hello\n');
    expect(await server.readLine()).toBe('hello');
    await expect(plain.client.readChunk()).rejects.toMatchObject({
      name: usesHandles ? 'ClosedError' : 'BusyError',
    });
    expect(plain.client.isClosed).toBe(false);
    if (end === 'reset') plain.client.reset();
    else await plain.client.close();
    await Promise.all([client.closed, plain.client.closed]);
    await server.close();
    await plain.server.closed;
  }
});
