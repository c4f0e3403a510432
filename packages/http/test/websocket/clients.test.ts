/** Foreign clients and servers over real sockets: the package `ws` both ways, and undici’s WebSocket. */
import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket as WsClient, WebSocketServer } from 'ws';
import { HttpResponse, serve } from '../../src/index.ts';
import { connectWebSocket, webSocket, WebSocketHandshakeError } from '../../src/websocket/index.ts';
import { echoing, talking } from './sockets.ts';
import { expectEchoes, MESSAGES } from './undici-client.ts';

describe('ws as a client', () => {
  test('gets back what it sends, fragments too, and pings are answered', async () => {
    const server = await serve(echoing, { port: 0 });
    const client = new WsClient(server.url);
    await once(client, 'open');
    for (const message of MESSAGES) {
      client.send(message);
      const [data, isBinary] = await once(client, 'message');
      expect([String(data), isBinary]).toEqual([message, false]);
    }
    client.send('in ', { fin: false });
    client.send('parts', { fin: true });
    expect(String((await once(client, 'message'))[0])).toBe('in parts');
    client.send(Buffer.from([0, 255]));
    const [bytes, isBinary] = await once(client, 'message');
    expect([[...(bytes as Buffer)], isBinary]).toEqual([[0, 255], true]);
    client.ping('data');
    expect(String((await once(client, 'pong'))[0])).toBe('data');
    client.close(4321, 'done');
    const [code, reason] = await once(client, 'close');
    expect([code, String(reason)]).toEqual([4321, '']);
    expect((await server.shutdown()).aborted).toEqual([]);
  });

  test('is closed with 1001 when the server shuts down', async () => {
    const server = await serve(echoing, { port: 0 });
    const clients = Array.from({ length: 5 }, () => new WsClient(server.url));
    await Promise.all(clients.map((client) => once(client, 'open')));
    const closed = clients.map((client) => once(client, 'close'));
    expect(await server.shutdown({ grace: 10_000 })).toMatchObject({
      upgraded: 5,
      webSockets: 5,
      aborted: [],
    });
    for (const [code] of await Promise.all(closed)) expect(code).toBe(1001);
  });

  test('that is cut is no error of the server', async () => {
    const errors: unknown[] = [];
    const server = await serve(echoing, { port: 0, onError: (error) => errors.push(error) });
    const client = new WsClient(server.url);
    await once(client, 'open');
    client.terminate();
    await once(client, 'close');
    expect((await server.shutdown({ grace: 10_000 })).aborted).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('agrees on a subprotocol, and is refused by its origin', async () => {
    const handler = talking((socket) => socket.send(socket.protocol), {
      protocols: ['b', 'a'],
      origins: ['https://good.example'],
    });
    const server = await serve(handler, { port: 0 });
    const client = new WsClient(server.url, ['a', 'b'], { origin: 'https://good.example' });
    const [message] = await once(client, 'message');
    expect([String(message), client.protocol]).toEqual(['b', 'b']);
    client.terminate();
    const other = new WsClient(server.url, { origin: 'https://bad.example' });
    const [error] = await once(other, 'error');
    expect(String(error)).toContain('403');
    await server.shutdown({ grace: 10_000 });
  });
});

test('undici’s WebSocket, as browsers have it, gets back what it sends', async () => {
  const server = await serve(echoing, { port: 0 });
  await expectEchoes(server.url);
  await server.shutdown();
});

describe('a client', () => {
  test('talks to the server of ws, which closes', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'v2' });
    await once(server, 'listening');
    server.on('connection', (peer) => {
      peer.on('message', (data, isBinary) => {
        if (!isBinary && (data as Buffer).toString() === 'bye') peer.close(4004, 'as you wish');
        else peer.send(data, { binary: isBinary });
      });
    });
    const { port } = server.address() as AddressInfo;
    const socket = await connectWebSocket(`ws://127.0.0.1:${port}/`, { protocols: ['v1', 'v2'] });
    expect(socket.protocol).toBe('v2');
    for (const message of [...MESSAGES, Uint8Array.of(0, 255)]) {
      await socket.send(message);
      expect(await socket.receive()).toEqual(message);
    }
    await socket.send('bye');
    expect(await socket.receive()).toBeNull();
    expect(await socket.closed).toMatchObject({ code: 4004, reason: 'as you wish', by: 'peer' });
    server.close();
    await once(server, 'close');
  });

  test('fails with what the server answers in place of a WebSocket', async () => {
    const server = await serve(
      (request, context) =>
        request.path === '/plain'
          ? HttpResponse.text('plain')
          : webSocket(request, context, { origins: [] }).then(() => undefined),
      { port: 0 },
    );
    const failure = async (path: string, headers = {}): Promise<unknown> =>
      connectWebSocket(server.url + path, { headers }).then(
        () => undefined,
        (error) => (error instanceof WebSocketHandshakeError ? error.status : error),
      );
    expect(await failure('plain')).toBe(200);
    expect(await failure('', { Origin: 'https://other.example' })).toBe(403);
    expect((await fetch(server.url)).status).toBe(426);
    await server.shutdown();
  });
});
