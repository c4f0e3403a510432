/** The server of `real-clients.mjs`: what every front has to pass on. */
import { createHash } from 'node:crypto';
import { HttpProblem, HttpResponse, serve } from '../../../packages/http/dist/index.js';
import {
  compress,
  events,
  multipart,
  staticFiles,
} from '../../../packages/http/dist/batteries/index.js';
import { webSocket } from '../../../packages/http/dist/websocket/index.js';

const [folder, port] = process.argv.slice(2);
const files = staticFiles(folder);
let errors = 0;

async function summary(pieces) {
  const hash = createHash('sha256');
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

async function* tick(last, { signal }) {
  for (let id = Number(last ?? 0) + 1; !signal.aborted; id += 1) {
    yield { id: String(id), data: String(id) };
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const routes = {
  '/sum': async (request) => HttpResponse.text(await summary(request.body)),
  '/unread': () => HttpResponse.text('unread'),
  '/refused': () => {
    throw new HttpProblem(403);
  },
  '/form': async (request) => {
    const parts = [];
    for await (const part of multipart(request)) {
      parts.push([part.name, part.filename ?? null, await summary(part.body)]);
    }
    return HttpResponse.json(parts);
  },
  '/packed': compress(() => HttpResponse.text('again and '.repeat(2_000))),
  '/events': (request, context) => events(tick, { request, context }),
  '/lines': async (_request, context) => {
    const { stream } = await context.upgrade({ headers: { Upgrade: 'lines' } });
    for (let line = await stream.readLine(); line !== null; line = await stream.readLine()) {
      await stream.writeAll(`you said ${line}\n`);
    }
    await stream.close();
  },
  '/socket': async (request, context) => {
    const socket = await webSocket(request, context);
    for await (const message of socket) await socket.send(message);
  },
  '/errors': () => HttpResponse.text(String(errors)),
};

const server = await serve(
  (request, context) => (routes[request.path] ?? files)(request, context),
  {
    port: Number(port),
    onError: (error) => {
      errors += 1;
      console.error(error);
    },
  },
);
console.log(server.url);
process.once('SIGTERM', () => void server.shutdown({ grace: 1_000 }));
