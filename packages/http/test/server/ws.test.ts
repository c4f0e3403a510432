/** A foreign codec on an upgraded stream: the package `ws`, on both ends of real sockets. */
import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { HttpResponse, serve, type Handler } from '../../src/index.ts';

/** Gives each WebSocket to `talk`, and closes it in the drain. */
function webSockets(talk: (socket: WebSocket) => void): Handler {
  const sockets = new WebSocketServer({ noServer: true });
  return async (request, context) => {
    if (request.headers.get('upgrade') !== 'websocket') return HttpResponse.text('plain');
    let socket: WebSocket | undefined;
    const { stream } = await context.upgrade({
      sendResponse: false,
      onDrain: () => socket?.close(1001),
    });
    // What `ws` reads of a message.
    const message = {
      method: request.method,
      url: request.target,
      headers: Object.fromEntries(
        [...request.headers].map(([name, value]) => [name.toLowerCase(), value]),
      ),
    } as unknown as IncomingMessage;
    sockets.handleUpgrade(message, stream.toNode(), Buffer.alloc(0), (opened) => {
      socket = opened;
      talk(opened);
    });
    return undefined;
  };
}

const echoing = (socket: WebSocket): void => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
};

async function open(url: string): Promise<WebSocket> {
  const client = new WebSocket(url.replace('http', 'ws'));
  // Rejects with the client's error, if it has one.
  await once(client, 'open');
  return client;
}

describe('ws on an upgraded stream', () => {
  test('speaks with its own client: small messages, large ones, pings', async () => {
    const server = await serve(webSockets(echoing), { port: 0 });
    const client = await open(server.url);
    for (const message of ['hello', 'x'.repeat(1_000_000), '']) {
      client.send(message);
      const [data] = await once(client, 'message');
      expect(String(data)).toBe(message);
    }
    client.ping();
    await once(client, 'pong');
    expect(await (await fetch(server.url)).text()).toBe('plain');
    client.close(1000);
    await once(client, 'close');
    expect((await server.shutdown()).aborted).toEqual([]);
  });

  test('closes with 1001 in the drain, which waits for the answer', async () => {
    const server = await serve(webSockets(echoing), { port: 0 });
    const clients = await Promise.all(Array.from({ length: 5 }, () => open(server.url)));
    const closed = clients.map((client) => once(client, 'close'));
    const report = await server.shutdown({ grace: 10_000 });
    for (const [code] of await Promise.all(closed)) expect(code).toBe(1001);
    expect(report).toMatchObject({ upgraded: 5, webSockets: 5, aborted: [] });
  });

  test('whose client is cut is no error of the server, and leaves nothing open', async () => {
    const errors: unknown[] = [];
    const server = await serve(webSockets(echoing), { port: 0, onError: (e) => errors.push(e) });
    const client = await open(server.url);
    client.terminate();
    await once(client, 'close');
    const { aborted } = await server.shutdown({ grace: 10_000 });
    expect(aborted).toEqual([]);
    expect(errors).toEqual([]);
  });
});
