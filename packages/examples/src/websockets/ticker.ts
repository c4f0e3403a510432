/**
 * A ticker: every second a price, to every WebSocket. An old price is worth nothing, so none waits for a slow reader: it misses
 * them, learns how many, and gets the newest. However many readers there are, and however slow, one price is kept.
 *
 * Read first: `capacity: 1` and `onLag`, then the loop at the end.
 */

import { HttpResponse, serve, type Handler } from '@awaitio/http';
import { Topic, webSocket } from '@awaitio/http/websocket';
import { interval } from '@awaitio/core/sync';
import {
  countOf,
  interruption,
  readArguments,
  sayListening,
  type CommandLine,
} from '../support/program.ts';
import { HTML, pageOf } from '../support/serve-here.ts';

const PROGRAM: CommandLine = {
  command: 'example ticker',
  role: 'listens',
  options: { every: { value: 'MS', help: 'how often, in ms (default 1000)' } },
};
const given = readArguments(PROGRAM);
const every = countOf(PROGRAM, given, 'every', 1_000);
const signal = interruption();
const page = pageOf('ticker');
const prices = new Topic({ capacity: 1, onLag: (missed) => `${missed} missed` });

const handler: Handler = async (request, context) => {
  if (!request.headers.has('upgrade')) {
    return HttpResponse.text(page, HTML);
  }
  const socket = await webSocket(request, context);
  prices.join(socket);
  // What readers send is dropped.
  for await (const _message of socket);
  return undefined;
};

const server = await serve(handler, { host: given.host, port: given.port, signal });
sayListening(server.address, (address) => `http://${address} in a browser`);

let price = 100;
const ticks = interval(every, { missed: 'skip' });
while (!signal.aborted) {
  prices.publish(price.toFixed(2));
  price *= 1 + (Math.random() - 0.5) / 100;
  await ticks.tick({ signal }).catch(() => {});
}
