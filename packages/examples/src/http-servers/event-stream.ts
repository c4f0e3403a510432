/**
 * An event stream and its page: what one posts, all see. Events have numbers; a page that was away asks for those after the last
 * it has seen, and gets them, as long as they are kept.
 *
 * Read first: `since`, which is called once for each page that connects. Its loop sends what there is, then waits for more.
 */

import * as z from 'zod';
import { watch } from '@awaitio/core/sync';
import { HttpProblem, HttpResponse, type Handler } from '@awaitio/http';
import { events } from '@awaitio/http/batteries';
import { readArguments } from '../support/program.ts';
import { HTML, pageOf, serveHere } from '../support/serve-here.ts';

const Event = z.object({ text: z.string().min(1).max(200) });
type Event = z.infer<typeof Event>;

/** How many events are kept for those who were away. */
const KEPT = 1_000;
const kept: Event[] = [];
/** The number of the newest event; it lives as long as the program. */
const [newest] = watch(0);

async function* since(lastId: string | undefined, { signal }: { readonly signal: AbortSignal }) {
  let seen = /^\d{1,15}$/.test(lastId ?? '') ? Number(lastId) : 0;
  using follower = newest.subscribe();
  for (;;) {
    seen = Math.min(Math.max(seen, newest.borrow() - kept.length), newest.borrow());
    while (seen < newest.borrow()) {
      seen += 1;
      const event = kept[kept.length - 1 - (newest.borrow() - seen)];
      if (event !== undefined) yield { id: String(seen), data: JSON.stringify(event) };
    }
    await follower.waitFor((number) => number > seen, { signal });
  }
}

const page = pageOf('event-stream');
const handler: Handler = async (request, context) => {
  if (request.path === '/') return HttpResponse.text(page, HTML);
  if (request.path !== '/events') throw new HttpProblem(404);
  if (request.method === 'GET') return events(since, { request, context });
  kept.push(await request.json(Event, { limit: 1_000 }));
  if (kept.length > KEPT) kept.shift();
  newest.send(newest.borrow() + 1);
  return HttpResponse.empty();
};

const given = readArguments({ command: 'example event-stream', role: 'listens' });
await serveHere(given, handler, (url) => `${url} in two windows of a browser`);
