/**
 * Two servers on loopback that respond with what they read: this one and node:http. Only their responses are compared,
 * so that nothing but the wire counts.
 */

import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { HttpResponse, serve } from '../../src/index.ts';

export interface TalkingServer {
  /** Sends bytes, finishes sending, and says how each request was answered: `200 GET / ""`, `400`, or nothing. */
  talk(bytes: string): Promise<string>;
  close(): Promise<void>;
}

const reading = (method: string, target: string, body: Uint8Array): string =>
  `${method} ${target} ${JSON.stringify(Buffer.from(body).toString('latin1'))}`;

export async function startAwaitio(): Promise<TalkingServer> {
  const server = await serve(
    async (request) => {
      if (request.method === 'CONNECT') return HttpResponse.empty({ status: 405 });
      return HttpResponse.text(reading(request.method, request.target, await request.bytes()));
    },
    { port: 0 },
  );
  const { port } = new URL(server.url);
  return {
    talk: (bytes) => talk(Number(port), bytes),
    close: async () => {
      await server.shutdown();
    },
  };
}

export async function startNode(): Promise<TalkingServer> {
  const server = createServer((request, response) => {
    void answer(request).then(
      (text) => response.writeHead(200, { 'Content-Length': Buffer.byteLength(text) }).end(text),
      () => {},
    );
  });
  server.on('connect', (_request, socket) => {
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\n\r\n');
  });
  // Without it, node:http drops its answers to a client that has finished sending.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    talk: (bytes) => talk(port, bytes),
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return reading(String(request.method), String(request.url), Buffer.concat(pieces));
}

async function talk(port: number, bytes: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let received = '';
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    received += text;
  });
  // A server may have closed before it read all of it.
  socket.on('error', () => {});
  socket.end(bytes, 'latin1');
  socket.on('end', () => socket.destroy());
  await once(socket, 'close');
  return summaryOf(received);
}

/** The statuses of a stream of responses, with what a good one says was read. */
function summaryOf(received: string): string {
  const answers: string[] = [];
  let rest = received;
  for (;;) {
    const head = /^HTTP\/1\.1 (\d{3})[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(rest);
    if (head === null) break;
    const [whole, status = ''] = head;
    const length = Number(/^Content-Length: (\d+)\r$/im.exec(whole)?.[1] ?? 0);
    const body = rest.slice(whole.length, whole.length + length);
    rest = rest.slice(whole.length + length);
    if (status !== '100') answers.push(status === '200' ? `200 ${body}` : status);
  }
  return answers.length === 0 ? 'no answer' : answers.join(', ');
}
