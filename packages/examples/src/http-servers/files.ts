/**
 * Files go in and come out, however long: an upload is written to the disk as it comes, a download is read as the client takes
 * it, and neither is ever in memory. The page shows how far both have come; `pnpm example transfer` does it on a terminal.
 *
 * Read first: `store`. A file has its name when it is whole, so no one fetches half of one.
 */

import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { HttpProblem, HttpResponse, type Handler, type HttpRequest } from '@awaitio/http';
import { staticFiles } from '@awaitio/http/batteries';
import { readArguments } from '../support/program.ts';
import { HTML, pageOf, serveHere } from '../support/serve-here.ts';

const folder = await mkdtemp(join(tmpdir(), 'awaitio-files-'));
const page = pageOf('files');
let uploads = 0;

async function store(request: HttpRequest): Promise<HttpResponse> {
  // The name is the client's word: only what cannot leave the folder is one.
  const name = decodeURIComponent(request.path.replace('/files/', ''));
  if (!/^\w[\w .-]{0,99}$/.test(name)) throw new HttpProblem(400, { detail: 'that is no name' });
  const part = join(folder, `.${(uploads += 1)}.part`);
  try {
    await pipeline(request.body, createWriteStream(part));
    await rename(part, join(folder, name));
  } finally {
    await rm(part, { force: true });
  }
  return HttpResponse.empty({ status: 201 });
}

async function list(): Promise<HttpResponse> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.'));
  const sizes = names.map(async (name) => ({ name, size: (await stat(join(folder, name))).size }));
  return HttpResponse.json(await Promise.all(sizes));
}

const download = staticFiles(folder, { prefix: '/files' });
const handler: Handler = (request, context) => {
  if (request.path === '/') return HttpResponse.text(page, HTML);
  if (request.path === '/files') return list();
  return request.method === 'PUT' ? store(request) : download(request, context);
};

const given = readArguments({ command: 'example files', role: 'listens' });
await serveHere(given, handler, (url) => `${url} in a browser, or pnpm example transfer FILE`, {
  limits: { bodyBytes: 1_000_000_000 },
});
