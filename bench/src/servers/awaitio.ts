/** The servers of awaitio, with every limit, deadline and contract as they are by default. */

import { TlsListener } from '@awaitio/core';
import { echo, HttpResponse, serve, type Handler } from '@awaitio/http';
import { credentials } from './credentials.ts';
import { ready } from './ready.ts';

const hello: Handler = () => HttpResponse.text('Hello, World!');

const handlers: Record<string, () => Handler | Promise<Handler>> = {
  echo,
  stream: echo,
  hello: () => hello,
  idle: () => hello,
  file: async () => {
    const { FILE_ROOT } = await import('./catalogue.ts');
    const { staticFiles } = await import('@awaitio/http/batteries');
    return staticFiles(FILE_ROOT);
  },
  gzip: async () => {
    const { CATALOGUE } = await import('./catalogue.ts');
    const { compress } = await import('@awaitio/http/batteries');
    return compress(() => HttpResponse.json(CATALOGUE));
  },
  json: async () => {
    const { Order, receipt } = await import('./order.ts');
    return async (request) => HttpResponse.json(receipt(await request.json(Order)));
  },
};

const app = process.argv[2] ?? 'echo';
const handler = await handlers[app]?.();
if (handler === undefined) throw new Error(`no such server: ${app}`);
// Opening ten thousand connections takes longer than an idle one is usually kept.
const tls = credentials();
const server = await serve(handler, {
  ...(app === 'idle' ? { deadlines: { idle: 120_000 } } : {}),
  ...(tls === undefined ? {} : { listener: await TlsListener.bind('127.0.0.1:0', tls) }),
});
ready(Number(new URL(server.url).port));
