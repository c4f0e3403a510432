/** The package `ws` on the other side, compressing in each of its ways, over real sockets. */
import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket as WsClient, WebSocketServer, type PerMessageDeflateOptions } from 'ws';
import { serve } from '../../src/index.ts';
import { connectWebSocket, type CompressionOptions } from '../../src/websocket/index.ts';
import { talking } from './sockets.ts';

const LINES = Array.from({ length: 3_000 }, (_, at) => `line ${at % 100} of ${at}`).join('\n');
const MESSAGES: readonly (string | Buffer)[] = [
  'short',
  LINES,
  '',
  LINES,
  'ä€😀'.repeat(5_000),
  Buffer.from(LINES),
  Buffer.from(Array.from({ length: 50_000 }, (_, at) => (at * at * 2_654_435_761) >>> 13)),
  'the last one, again: ' + LINES.slice(0, 2_000),
];

const OURS: readonly CompressionOptions[] = [
  {},
  { contextTakeover: true },
  { contextTakeover: true, windowBits: 9, threshold: 0, level: 9 },
  { windowBits: 12, level: 1 },
];
const THEIRS: readonly PerMessageDeflateOptions[] = [
  { threshold: 0 },
  { serverNoContextTakeover: true, threshold: 0 },
  { clientNoContextTakeover: true },
  { serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: 0 },
  { serverMaxWindowBits: 10, clientMaxWindowBits: 9, threshold: 0 },
  { serverMaxWindowBits: 9, serverNoContextTakeover: true, zlibDeflateOptions: { level: 9 } },
];
const PAIRS = OURS.flatMap((ours) => THEIRS.map((theirs) => ({ ours, theirs })));
/** A server of ws does not agree to a smaller window than its own, and then refuses altogether. */
const AGREED = PAIRS.filter(
  ({ ours, theirs }) => (ours.windowBits ?? 15) >= (theirs.serverMaxWindowBits || 0),
);

const same = (message: string | Uint8Array, back: unknown, isBinary: boolean): boolean =>
  typeof message === 'string'
    ? !isBinary && String(back) === message
    : isBinary && Buffer.from(back as Uint8Array).equals(message);

describe('ws as a client, $theirs', () => {
  test.each(PAIRS)(
    'gets back what it sends to a server with $ours: $theirs',
    async ({ ours, theirs }) => {
      const agreed: string[] = [];
      const handler = talking(
        async (socket) => {
          agreed.push(socket.extensions);
          for await (const message of socket) await socket.send(message);
        },
        { compression: ours },
      );
      const server = await serve(handler, { port: 0 });
      const client = new WsClient(server.url, { perMessageDeflate: theirs });
      await once(client, 'open');
      expect(client.extensions).toBe('permessage-deflate');
      for (const message of MESSAGES) {
        const answered = once(client, 'message');
        client.send(message);
        const [back, isBinary] = await answered;
        expect(same(message, back, isBinary)).toBe(true);
      }
      const answered = once(client, 'message');
      client.send(LINES.slice(0, 5_000), { fin: false });
      client.ping('between');
      client.send(LINES.slice(5_000), { fin: true });
      expect(String((await answered)[0])).toBe(LINES);
      expect(agreed[0]).toMatch(/^permessage-deflate/);
      client.close();
      await once(client, 'close');
      expect((await server.shutdown()).aborted).toEqual([]);
    },
  );
});

describe('a client', () => {
  test.each(AGREED)(
    'with $ours gets back what it sends to the server of ws: $theirs',
    async ({ ours, theirs }) => {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: theirs });
      await once(server, 'listening');
      server.on('connection', (peer) => {
        peer.on('message', (data, isBinary) => {
          peer.send(data, { binary: isBinary });
        });
      });
      const { port } = server.address() as AddressInfo;
      try {
        const socket = await connectWebSocket(`ws://127.0.0.1:${port}/`, { compression: ours });
        expect(socket.extensions).toMatch(/^permessage-deflate/);
        for (const message of MESSAGES) {
          await socket.send(message);
          const back = await socket.receive();
          expect(same(message, back, typeof back !== 'string')).toBe(true);
        }
        expect(await socket.close()).toMatchObject({ isClean: true });
      } finally {
        for (const client of server.clients) client.terminate();
        server.close();
        await once(server, 'close');
      }
    },
  );

  test('of ws that is sent a bomb is refused', async () => {
    const handler = talking(
      async (socket) => {
        await socket.receive().catch(() => {});
        await socket.closed;
      },
      { compression: {} },
    );
    const server = await serve(handler, { port: 0 });
    const client = new WsClient(server.url, { perMessageDeflate: { threshold: 0 } });
    await once(client, 'open');
    client.send(Buffer.alloc(50 * 1_048_576));
    const [code] = await once(client, 'close');
    expect(code).toBe(1009);
    await server.shutdown();
  });
});
