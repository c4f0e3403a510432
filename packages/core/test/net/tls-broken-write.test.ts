/** Writes of which a `TLSWrap` says nothing more: the kernel refuses them at once, or refused what TLS itself sent before. */

import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { TlsListener } from '../../src/index.ts';
import { keep } from '../support/keep.ts';
import { authority, identity } from '../support/tls.ts';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** A client of TLS, and the socket below it. */
function connectTo(listener: TlsListener): { readonly below: Socket; readonly client: TLSSocket } {
  const { port } = listener.localAddress as { port: number };
  const below = connect(port, '127.0.0.1');
  sockets.push(below);
  const client = connectTls({ socket: below, ca: authority.cert, servername: 'example.test' });
  client.on('error', () => {});
  below.on('error', () => {});
  return { below, client };
}

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a write to a peer that has reset fails, and close() ends, while nothing is read (%s)',
  async (maxVersion) => {
    const listener = keep(await TlsListener.bind('127.0.0.1:0', { ...identity, maxVersion }));
    const { below, client } = connectTo(listener);
    await once(client, 'secureConnect');
    const stream = keep(await listener.accept());
    // More than the stream keeps: it stops to read, and so does not see the reset.
    client.write(Buffer.alloc(4_000_000));
    let buffered = -1;
    while (stream.statistics().buffered > buffered || buffered < 65_536) {
      ({ buffered } = stream.statistics());
      for (let count = 0; count < 20; count += 1) await turn();
    }
    below.resetAndDestroy();
    await once(below, 'close');
    for (let count = 0; count < 20; count += 1) await turn();
    await expect(stream.writeAll(Buffer.alloc(1_000_000))).rejects.toMatchObject({
      name: 'BrokenError',
    });
    await stream.close();
    expect(stream.isClosed).toBe(true);
  },
);

test.each([0, 400_000])(
  'a write fails, and close() ends, when the peer has reset with the end of the handshake and %i bytes',
  async (size) => {
    // The tickets of TLS 1.3 are what the kernel refuses.
    const listener = keep(await TlsListener.bind('127.0.0.1:0', identity));
    const { below, client } = connectTo(listener);
    client.once('secureConnect', () => {
      if (size > 0) client.write(Buffer.alloc(size));
      setImmediate(() => {
        below.resetAndDestroy();
      });
    });
    const stream = keep(await listener.accept());
    await expect(stream.writeAll(Buffer.alloc(200_000))).rejects.toMatchObject({
      name: 'BrokenError',
    });
    await stream.close();
    expect(stream.isClosed).toBe(true);
  },
);

test('a client of TLS 1.2 that begins to renegotiate breaks the stream', async () => {
  const listener = keep(
    await TlsListener.bind('127.0.0.1:0', { ...identity, maxVersion: 'TLSv1.2' }),
  );
  const { port } = listener.localAddress as { port: number };
  const client = connectTls({ port, ca: authority.cert, servername: 'example.test' });
  sockets.push(client);
  client.on('error', () => {});
  await once(client, 'secureConnect');
  const stream = keep(await listener.accept());
  await stream.writeAll('before');
  client.renegotiate({}, () => {});
  await expect(stream.readChunk()).rejects.toMatchObject({ name: 'TlsError' });
  await stream.close();
});
