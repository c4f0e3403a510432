import { describe, expect, test } from '@jest/globals';
import { InvalidInputError, seededRandom, TlsListener } from '@awaitio/core';
import { TestAuthority } from '@awaitio/core/testing';
import { createHash } from 'node:crypto';
import { HttpClient, serve } from '../../src/index.ts';
import { connectWebSocket, WebSocketHandshakeError } from '../../src/websocket/index.ts';
import { simulated } from '../support/simulated.ts';
import { echoing, open, talking } from './sockets.ts';

const FIELDS: Readonly<Record<string, string>> = {
  Host: 'a',
  Connection: 'keep-alive, Upgrade',
  Upgrade: 'WebSocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** A request, some of its fields replaced; `undefined` leaves one out. */
const request = (changes: Readonly<Record<string, string | undefined>>, method = 'GET'): string =>
  `${method} / HTTP/1.1\r\n${Object.entries({ ...FIELDS, ...changes })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;

describe('the opening handshake of a server', () => {
  test.each<readonly [string, string, number, RegExp]>([
    ['as Firefox sends it', request({}), 101, /s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/],
    [
      'among other protocols',
      request({ Upgrade: 'h2c, websocket' }),
      101,
      /upgrade: websocket\r\n/i,
    ],
    [
      'of another version',
      request({ 'Sec-WebSocket-Version': '8' }),
      426,
      /sec-websocket-version: 13/i,
    ],
    ['without a version', request({ 'Sec-WebSocket-Version': undefined }), 426, /version: 13/i],
    ['without a key', request({ 'Sec-WebSocket-Key': undefined }), 400, /16 bytes/],
    ['with a short key', request({ 'Sec-WebSocket-Key': 'AAAA' }), 400, /16 bytes/],
    [
      'with a key that is no base64',
      request({ 'Sec-WebSocket-Key': '*'.repeat(24) }),
      400,
      /16 bytes/,
    ],
    ['to another protocol', request({ Upgrade: 'chat' }), 426, /upgrade: websocket/i],
    [
      'without Upgrade',
      request({ Upgrade: undefined, Connection: undefined }),
      426,
      /upgrade: websocket/i,
    ],
    ['by POST', request({ 'Content-Length': '0' }, 'POST'), 426, /upgrade: websocket/i],
    ['from an origin that may', request({ Origin: 'https://good.example' }), 101, /accept/i],
    ['from another origin', request({ Origin: 'https://good.example.evil' }), 403, /origin/],
    [
      'of the second subprotocol',
      request({ 'Sec-WebSocket-Protocol': 'x, b' }),
      101,
      /protocol: b\r\n/i,
    ],
  ])('%s', (_what, ask, status, expected) =>
    simulated(async (world) => {
      await world.serve(
        talking((socket) => socket.closed, {
          origins: ['https://good.example'],
          protocols: ['a', 'b'],
          headers: { 'X-Own': 'field' },
        }),
      );
      const wire = await world.connect();
      await wire.send(ask);
      const head = await wire.head();
      const isSwitched = head.startsWith('HTTP/1.1 101 ');
      const rest = isSwitched ? '' : Buffer.from((await wire.stream.readChunk()) ?? []).toString();
      expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(head + rest).toMatch(expected);
      expect(head.includes('X-Own: field')).toBe(isSwitched);
      wire.stream.reset();
      expect(world.errors).toEqual([]);
    }),
  );
});

describe('fields of the handshake', () => {
  const names = ['Upgrade', 'sec-websocket-accept', 'Sec-WebSocket-Extensions'];

  test.each([...names, 'Sec-WebSocket-Key', 'Sec-WebSocket-Protocol'])(
    'a program does not send a %s beside that of the handshake',
    (name) =>
      simulated(async (world) => {
        const headers = { [name]: 'own' };
        await world.serve(talking((socket) => socket.closed, { headers }));
        await expect(open(world)).rejects.toMatchObject({ status: 500 });
        expect(world.errors).toEqual([expect.any(InvalidInputError)]);
        await expect(open(world, { headers })).rejects.toThrow(InvalidInputError);
      }),
  );
});

describe('the opening handshake of a client', () => {
  const accept = (nonce: string): string =>
    createHash('sha1').update(`${nonce}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const answer = (fields: string) => `HTTP/1.1 101 x\r\n${fields}\r\n\r\n`;
  const right = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ACCEPT';

  test.each([
    ['another status', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 200],
    ['a redirect', 'HTTP/1.1 302 x\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n', 302],
    ['another key', answer(right.replace('ACCEPT', 'x')), 101],
    ['no key', answer('Connection: Upgrade\r\nUpgrade: websocket'), 101],
    ['an extension', answer(`${right}\r\nSec-WebSocket-Extensions: permessage-deflate`), 101],
    ['a subprotocol that was not proposed', answer(`${right}\r\nSec-WebSocket-Protocol: c`), 101],
    ['two subprotocols', answer(`${right}\r\nSec-WebSocket-Protocol: a, b`), 101],
  ])('refuses %s', (_what, response, status) =>
    simulated(async (world) => {
      const server = await world.listen();
      const opening = open(world, { protocols: ['a', 'b'] }).catch((error: unknown) => error);
      const wire = await server.accept();
      const nonce = /Sec-WebSocket-Key: (\S+)/.exec(await wire.head())?.[1] ?? '';
      await wire.send(response.replace('ACCEPT', accept(nonce)));
      const error = await opening;
      expect(error).toBeInstanceOf(WebSocketHandshakeError);
      expect((error as WebSocketHandshakeError).status).toBe(status);
    }),
  );

  test('takes the first frames, which came with the response', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const opening = open(world, { protocols: ['a', 'b'] });
      const wire = await server.accept();
      const head = await wire.head();
      expect(head).toMatch(/Sec-WebSocket-Protocol: a, b\r\n/);
      const nonce = /Sec-WebSocket-Key: (\S+)/.exec(head)?.[1] ?? '';
      const fields = `${right.replace('ACCEPT', accept(nonce))}\r\nSec-WebSocket-Protocol: b`;
      await wire.send(`${answer(fields)}\x81\x02hi\x88\x00`);
      const socket = await opening;
      expect([socket.protocol, await socket.receive(), await socket.receive()]).toEqual([
        'b',
        'hi',
        null,
      ]);
      await wire.close();
      expect(await socket.closed).toMatchObject({ code: 1005, by: 'peer', isClean: true });
    }));

  test.each(['', '/path', 'ftp://a/', 'ws://a/#b', 'ws://', 7, null, 'ws://user:SECRET@a/#x'])(
    'refuses %p as its URL, and shows nothing of it',
    async (url) => {
      const error: unknown = await connectWebSocket(url as string).catch(
        (caught: unknown) => caught,
      );
      expect(error).toBeInstanceOf(InvalidInputError);
      expect((error as Error).message).toContain('expected `url` to be an absolute URL');
      expect((error as Error).message).not.toContain('undefined');
      expect((error as Error).message).not.toContain('SECRET');
    },
  );

  test('sends the same key and the same masks for the same seed', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const heads = [];
      for (let n = 0; n < 2; n += 1) {
        const opening = open(world, { random: seededRandom(7) }).catch(() => {});
        const wire = await server.accept();
        heads.push(await wire.head());
        wire.stream.reset();
        await opening;
      }
      expect(heads[0]).toBe(heads[1]);
    }));

  test('goes over TLS for wss:', async () => {
    const authority = new TestAuthority();
    const listener = await TlsListener.bind('127.0.0.1:0', authority.issue(['127.0.0.1']));
    const server = await serve(echoing, { listener });
    await using client = new HttpClient({ tls: { ca: authority.cert } });
    const socket = await connectWebSocket(`wss://${String(listener.localAddress)}/`, { client });
    await socket.send('secret');
    expect(await socket.receive()).toBe('secret');
    await client.close();
    await socket.send('still open');
    expect(await socket.receive()).toBe('still open');
    await socket.close();
    await server.shutdown();
  });
});
