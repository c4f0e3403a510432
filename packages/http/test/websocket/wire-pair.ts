/** A server's socket, and a client that the test plays by hand. */

import { expect } from '@jest/globals';
import { deferred } from '@awaitio/core/lowlevel';
import type { WebSocket, WebSocketOptions } from '../../src/websocket/index.ts';
import type { World } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';
import { closing, CLOSE, frame } from './frames.ts';
import { talking } from './sockets.ts';

export const ASK =
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** A client that a test plays by hand: the answer to its handshake has come. */
export async function byHand(world: World): Promise<Wire> {
  const wire = await world.connect();
  await wire.send(ASK);
  expect(await wire.head()).toMatch(/^HTTP\/1\.1 101 [^]*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/);
  return wire;
}

export type Frame = Parameters<typeof frame>[0];

/** The frames of a client as latin1 text. */
export const wireOf = (...frames: Frame[]): string =>
  Buffer.concat(frames.map((each) => frame(each, true))).toString('latin1');

/** A server whose socket is handed to the test; its handler waits for the end. */
export async function served(
  world: World,
  options?: WebSocketOptions,
): Promise<() => Promise<WebSocket>> {
  const given = deferred<WebSocket>();
  await world.serve(
    talking(async (socket) => {
      given.resolve(socket);
      await socket.closed;
    }, options),
  );
  return () => given.promise;
}

/** A server's socket, and a client that the test plays by hand. */
export async function pair(
  world: World,
  options?: WebSocketOptions,
): Promise<{ socket: WebSocket; wire: Wire }> {
  const socket = await served(world, options);
  const wire = await byHand(world);
  return { socket: await socket(), wire };
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
  const wire = await byHand(world);
  return { socket: await opened.promise, wire };
}

export const bye: Frame = { opcode: CLOSE, payload: closing(1000) };
