import cluster from 'node:cluster';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { TlsListener } from '@awaitio/core';
import { HttpProblem, HttpResponse, serve } from '@awaitio/http';
import { compress, staticFiles } from '@awaitio/http/batteries';

const { DATA = '/data', CERTS = '/certs', PORT = '8080', TLS_PORT = '8081' } = process.env;

if (cluster.isPrimary) {
  for (let count = 0; count < availableParallelism(); count += 1) cluster.fork();
  process.on('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
  });
} else {
  await work();
}

async function work() {
  const dataset = JSON.parse(readFileSync(`${DATA}/dataset.json`, 'utf8'));
  const files = staticFiles(`${DATA}/static`, { prefix: '/static', precompressed: true });

  /** The sum of the query's values, and of the body. */
  async function sum(request) {
    let total = 0;
    for (const value of request.query().values()) total += Number(value);
    if (request.method === 'POST') total += Number(await request.text());
    return HttpResponse.text(String(total));
  }

  async function upload(request) {
    let bytes = 0;
    for await (const piece of request.body) bytes += piece.length;
    return HttpResponse.text(String(bytes));
  }

  const items = compress((request) => {
    const count = Number(request.path.slice('/json/'.length));
    const factor = Number(request.query().get('m') ?? 1);
    if (!Number.isInteger(count) || !Number.isInteger(factor)) throw new HttpProblem(400);
    const chosen = dataset.slice(0, count);
    return HttpResponse.json({
      items: chosen.map((item) => ({ ...item, total: item.price * item.quantity * factor })),
      count: chosen.length,
    });
  });

  const handler = (request, context) => {
    const { path } = request;
    if (path === '/pipeline') return HttpResponse.text('ok');
    if (path === '/baseline11') return sum(request);
    if (path.startsWith('/json/')) return items(request, context);
    if (path === '/upload') return upload(request);
    return files(request, context);
  };

  const servers = [await serve(handler, { host: '0.0.0.0', port: Number(PORT) })];
  if (existsSync(`${CERTS}/server.key`)) {
    const listener = await TlsListener.bind(`0.0.0.0:${TLS_PORT}`, {
      key: readFileSync(`${CERTS}/server.key`, 'utf8'),
      cert: readFileSync(`${CERTS}/server.crt`, 'utf8'),
      alpn: ['http/1.1'],
    });
    servers.push(await serve(handler, { listener }));
  }
  console.log(`Listening on ${servers.map(({ address }) => address).join(' and ')}`);
  process.once('SIGTERM', () => {
    const ends = Promise.all(servers.map((server) => server.shutdown()));
    void ends.then(() => cluster.worker.disconnect());
  });
}
