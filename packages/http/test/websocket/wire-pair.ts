/** A server's socket, and a client that the test plays by hand. */

import { deferred } from '@awaitio/core/lowlevel';
import type { WebSocket, WebSocketOptions } from '../../src/websocket/index.ts';
import type { World } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';
import { closing, CLOSE, frame } from './frames.ts';
import { talking } from './sockets.ts';

export const ASK =
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

export type Frame = Parameters<typeof frame>[0];

export const wireOf = (...frames: Frame[]): string =>
  Buffer.concat(frames.map((each) => frame(each, true))).toString('latin1');

/** A server's socket, and a client that the test plays by hand. */
export async function pair(
  world: World,
  options?: WebSocketOptions,
): Promise<{ socket: WebSocket; wire: Wire }> {
  const given = deferred<WebSocket>();
  await world.serve(
    talking(async (socket) => {
      given.resolve(socket);
      await socket.closed;
    }, options),
  );
  const wire = await world.connect();
  await wire.send(ASK);
  await wire.head();
  return { socket: await given.promise, wire };
}

/** One more pair in a world whose server is there: a server for each would need its own port. */
const given: ((socket: WebSocket) => void)[] = [];
const servers = new WeakSet<World>();
export async function pairOn(world: World): Promise<{ socket: WebSocket; wire: Wire }> {
  if (!servers.has(world)) {
    servers.add(world);
    await world.serve(
      talking(async (socket) => {
        given.shift()?.(socket);
        await socket.closed;
      }),
    );
  }
  const opened = deferred<WebSocket>();
  given.push(opened.resolve);
  const wire = await world.connect();
  await wire.send(ASK);
  await wire.head();
  return { socket: await opened.promise, wire };
}

export const bye: Frame = { opcode: CLOSE, payload: closing(1000) };
