/** The server of the browser's page: files, a place for the video, uploads by a form, and events that count. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpResponse, serve } from '../../../packages/http/dist/index.js';
import { events, multipart, staticFiles } from '../../../packages/http/dist/batteries/index.js';

const [site, port] = process.argv.slice(2);
const files = staticFiles(site);

const server = await serve(
  async (request, context) => {
    const response = await route(request, context);
    const { path } = request;
    const range = request.headers.get('range');
    process.send({ request: { path, range, status: response.status } });
    return response;
  },
  { port: Number(port), onError: (error) => console.error(error) },
);
process.send({ port: server.address.port });
async function stop() {
  const report = await server.shutdown();
  process.send({ aborted: report.aborted.length }, () => process.disconnect());
}
process.once('SIGTERM', () => void stop());

function route(request, context) {
  if (request.method === 'PUT' && request.path === '/video.webm') return store(request);
  if (request.method === 'POST' && request.path === '/upload') return receive(request);
  if (request.path === '/events') return events(count, { request, context, retry: 100 });
  return files(request, context);
}

async function store(request) {
  await pipeline(Readable.from(request.body), createWriteStream(join(site, 'video.webm')));
  return HttpResponse.empty({ status: 201 });
}

async function receive(request) {
  const start = process.memoryUsage().rss;
  let peak = start;
  const hash = createHash('sha256');
  for await (const part of multipart(request)) {
    for await (const piece of part.body) {
      if (part.filename !== undefined) hash.update(piece);
      peak = Math.max(peak, process.memoryUsage.rss());
    }
  }
  return HttpResponse.json({ sha256: hash.digest('hex'), memory: (peak - start) >> 20 });
}

/** Counts on from what the client has seen. */
async function* count(lastEventId, { signal }) {
  for (let id = Number(lastEventId ?? 0) + 1; !signal.aborted; id += 1) {
    yield { id: String(id), data: String(id) };
    await sleep(20);
  }
}
