/** TLS of Node on `stream.toNode()`, which ends with the TLS on it, and not before. */
import { once } from 'node:events';
import { connect, TLSSocket } from 'node:tls';
import { expect, test } from '@jest/globals';
import { memoryPair } from '../../src/index.ts';
import { TestAuthority } from '../../src/testing/index.ts';

const VOLUME = 2_000_000;

test('TLS on streams of Node sends all that it holds, after the peer has ended', async () => {
  const authority = new TestAuthority();
  const [client, server] = memoryPair();
  const echo = new TLSSocket(server.toNode(), {
    isServer: true,
    ...authority.issue(['localhost']),
  });
  echo.pipe(echo);
  const below = client.toNode();
  const socket = connect({ socket: below, ca: authority.cert, servername: 'localhost' });
  await once(socket, 'secureConnect');
  const closed = once(below, 'close');
  socket.end('x'.repeat(VOLUME));
  let size = 0;
  for await (const chunk of socket) size += (chunk as Buffer).length;
  expect(size).toBe(VOLUME);
  expect(await closed).toEqual([false]);
  expect((await server.closed).unsent).toBe(0);
});
