/** The servers of Express, without the two things that it does by default and no other peer does: ETag, X-Powered-By. */

import { createRequire } from 'node:module';
import type { AddressInfo, Server } from 'node:net';
import { ready } from './ready.ts';

/** As much of Express as is used here: it brings no types. */
interface Express {
  (): ExpressApp;
  json(): Handler;
  raw(options: { type: () => boolean; limit: string }): Handler;
}

interface ExpressApp {
  set(name: string, value: unknown): void;
  disable(name: string): void;
  get(path: string, ...handlers: Handler[]): void;
  post(path: string, ...handlers: Handler[]): void;
  listen(port: number, host: string, then: () => void): Server;
}

type Handler = (request: ExpressRequest, response: ExpressResponse) => void;

interface ExpressRequest {
  readonly body: unknown;
  get(name: string): string | undefined;
}

interface ExpressResponse {
  type(name: string): ExpressResponse;
  set(name: string, value: string): void;
  json(value: unknown): void;
  send(body: string | Buffer): void;
}

const express = createRequire(import.meta.url)('express') as Express;
const PREFIX = Buffer.from('echo: ');
const app = express();
app.set('etag', false);
app.disable('x-powered-by');

if (process.argv[2] === 'json') {
  const { Order, receipt } = await import('./order.ts');
  app.post('/', express.json(), (request, response) => {
    response.json(receipt(Order.parse(request.body)));
  });
} else {
  app.get('/', (_request, response) => {
    response.type('text').send('Hello, World!');
  });
  app.post('/', express.raw({ type: () => true, limit: '1mb' }), (request, response) => {
    response.set('Content-Type', request.get('content-type') ?? 'application/octet-stream');
    response.send(Buffer.concat([PREFIX, request.body as Buffer]));
  });
}

const server = app.listen(0, '127.0.0.1', () => {
  ready((server.address() as AddressInfo).port);
});
