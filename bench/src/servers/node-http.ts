/** The servers of node:http, as its documentation writes them, with one write for an answer whose length is known. */

import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { credentials } from './credentials.ts';
import { ready } from './ready.ts';

const PREFIX = Buffer.from('echo: ');

function collect(request: IncomingMessage, then: (pieces: Buffer[]) => void): void {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    then(pieces);
  });
}

function answer(response: ServerResponse, type: string, body: Buffer | string): void {
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

const hello: RequestListener = (_request, response) => {
  answer(response, 'text/plain; charset=utf-8', 'Hello, World!');
};

const servers: Record<string, RequestListener> = {
  hello,
  idle: hello,
  echo(request, response) {
    collect(request, (pieces) => {
      const type = request.headers['content-type'] ?? 'application/octet-stream';
      answer(response, type, Buffer.concat([PREFIX, ...pieces]));
    });
  },
  stream(request, response) {
    const length = Number(request.headers['content-length']) + PREFIX.length;
    response.writeHead(200, {
      'Content-Type': 'application/octet-stream',
      'Content-Length': length,
    });
    response.write(PREFIX);
    request.pipe(response);
  },
};

async function jsonServer(): Promise<RequestListener> {
  const { Order, receipt } = await import('./order.ts');
  return (request, response) => {
    collect(request, (pieces) => {
      const order = Order.parse(JSON.parse(Buffer.concat(pieces).toString()));
      answer(response, 'application/json', JSON.stringify(receipt(order)));
    });
  };
}

const app = process.argv[2] ?? 'echo';
const listener = app === 'json' ? await jsonServer() : servers[app];
const tls = credentials();
const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
// Opening ten thousand connections takes longer than an idle one is usually kept.
if (app === 'idle') server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => {
  ready((server.address() as AddressInfo).port);
});
