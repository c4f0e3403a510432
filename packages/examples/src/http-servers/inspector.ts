/**
 * A server in trouble, and the inspector's page that shows it: a handler that hangs, a pool whose only connection it holds, a client
 * that drips its body, and requests that are refused.
 *
 * Read first: `inspect`, one call; it finds servers, clients and tasks by itself. With `traceWaits` it knows the lines, too.
 */

import { defaultExecutor, TcpStream, traceWaits, type InetAddress } from '@awaitio/core';
import { interval, Notify } from '@awaitio/core/sync';
import { HttpClient, HttpResponse } from '@awaitio/http';
import { inspect } from '@awaitio/http/inspect';
import { interruption, readArguments } from '../support/program.ts';
import { serveHere } from '../support/serve-here.ts';

const given = readArguments({ command: 'example inspector', role: 'listens' });
traceWaits(true);
const page = await inspect({ attentionAfter: 1_000, allowClose: true });
const signal = interruption();
const never = new Notify();
const server = await serveHere(
  given,
  async (request) => {
    if (request.path === '/hangs') await never.notified({ signal: request.signal });
    return HttpResponse.text(await request.text());
  },
  () => `${page.url} in a browser`,
  { signal },
);
const { port } = server.address as InetAddress;

/** Makes a trouble again and again, whatever becomes of it. */
function repeat(name: string, trouble: () => Promise<unknown>): void {
  const loop = async (): Promise<void> => {
    for (const pause = interval(1_000); !signal.aborted; await pause.tick({ signal })) {
      await trouble().catch(() => {});
    }
  };
  defaultExecutor.spawn(() => loop().catch(() => {}), { name });
}

/** Sends a text in pieces, one a second, and looks at no answer. */
async function send(...pieces: readonly string[]): Promise<void> {
  await using stream = await TcpStream.connect({ host: given.host, port }, { signal });
  const seconds = interval(1_000);
  for (const piece of pieces) {
    await stream.writeAll(piece, { signal });
    await seconds.tick({ signal });
  }
}

const client = new HttpClient({ maxConnectionsPerOrigin: 1 });
const upload = 'POST /upload HTTP/1.1\r\nHost: example\r\nContent-Length: 100\r\n\r\n';
repeat('hangs', () => client.get(`${server.url}hangs`, { signal }));
repeat('waits for the pool', () => client.get(`${server.url}waits`, { signal }));
repeat('drips', () => send(upload, ...Array<string>(12).fill('.')));
repeat('is refused', () => send('GET / HTTP/1.1\r\nHost: example\r\nSmuggled : 1\r\n\r\n'));
