/** The servers of awaitio, with every limit, deadline and contract as they are by default. */

import { echo, HttpResponse, serve, type Handler } from '@awaitio/http';
import { Order, receipt } from './order.ts';
import { ready } from './ready.ts';

const handlers: Record<string, Handler> = {
  echo: echo(),
  stream: echo(),
  hello: () => HttpResponse.text('Hello, World!'),
  json: async (request) => HttpResponse.json(receipt(await request.json(Order))),
};

const handler = handlers[process.argv[2] ?? 'echo'];
if (handler === undefined) throw new Error(`no such server: ${process.argv[2]}`);
const server = await serve(handler);
ready(Number(new URL(server.url).port));
