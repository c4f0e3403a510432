/** The servers of awaitio, with every limit, deadline and contract as they are by default. */

import { echo, HttpResponse, serve, type Handler } from '@awaitio/http';
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
const server = await serve(handler, app === 'idle' ? { deadlines: { idle: 120_000 } } : {});
ready(Number(new URL(server.url).port));
