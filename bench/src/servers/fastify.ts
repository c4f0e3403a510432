/** The servers of fastify. JSON is checked by the same schema as everywhere, in the handler. */

import fastify from 'fastify';
import type { AddressInfo } from 'node:net';
import { ready } from './ready.ts';

const PREFIX = Buffer.from('echo: ');
const app = process.argv[2] ?? 'echo';
const server = fastify();

if (app === 'json') {
  const { Order, receipt } = await import('./order.ts');
  server.post('/', (request) => receipt(Order.parse(request.body)));
} else if (app === 'file') {
  const { FILE_ROOT } = await import('./catalogue.ts');
  const { fastifyStatic } = await import('@fastify/static');
  await server.register(fastifyStatic, { root: FILE_ROOT });
} else if (app === 'gzip') {
  const { CATALOGUE } = await import('./catalogue.ts');
  const { fastifyCompress } = await import('@fastify/compress');
  await server.register(fastifyCompress);
  server.get('/', () => CATALOGUE);
} else if (app === 'hello') {
  server.get('/', (_request, reply) => {
    void reply.type('text/plain; charset=utf-8').send('Hello, World!');
  });
} else {
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  server.post('/', (request, reply) => {
    const type = request.headers['content-type'] ?? 'application/octet-stream';
    void reply.header('content-type', type).send(Buffer.concat([PREFIX, request.body as Buffer]));
  });
}

await server.listen({ host: '127.0.0.1', port: 0 });
ready((server.server.address() as AddressInfo).port);
