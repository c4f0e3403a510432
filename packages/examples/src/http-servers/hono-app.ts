/**
 * An application of Hono with its page and files: routes are Hono's, files are served beside it with ranges and entity tags, and
 * everything that is text is compressed.
 *
 * Read first: the last three lines before `serveHere`, from the inside out.
 */

import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import { compress, fetchHandler, staticFiles } from '@awaitio/http/batteries';
import { readArguments } from '../support/program.ts';
import { pageOf, serveHere } from '../support/serve-here.ts';

const app = new Hono();
app.get('/', (c) => c.html(pageOf('hono-app')));
app.get('/api/hello/:name', (c) => c.json({ greeting: `Hello ${c.req.param('name')}` }));
app.notFound((c) => c.json({ error: 'there is no such page' }, 404));

const folder = fileURLToPath(new URL('../../pages', import.meta.url));
// What is no file of the folder is the application's.
const files = staticFiles(folder, { prefix: '/files', notFound: fetchHandler(app) });
const handler = compress(files);

const given = readArguments({ command: 'example hono-app', role: 'listens' });
await serveHere(given, handler, (url) => `${url} in a browser, or curl ${url}/api/hello/you`);
