/** Secrets planted wherever a message has room for one: by default nothing that looks at a program shows any of them. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, jest, test } from '@jest/globals';
import { MemoryListener, TcpStream, traceWaits } from '@awaitio/core';
import {
  HttpClient,
  HttpResponse,
  serve,
  SERVER_CHANNELS,
  type HttpServer,
} from '../../src/index.ts';
import { metrics } from '../../src/batteries/index.ts';
import { inspect } from '../../src/inspect/index.ts';
import { perfettoTrace } from '../../src/inspect/looking/perfetto.ts';
import { render } from '../../src/inspect/top/render.ts';
import { observed } from './telemetry.ts';

/** One for each place, so that a failure says which. */
type Place =
  | 'query'
  | 'field'
  | 'bearer'
  | 'cookie'
  | 'body'
  | 'answer-field'
  | 'answer-body'
  | 'set-cookie'
  | 'user-info'
  | 'fragment'
  | 'bad-name'
  | 'bad-value'
  | 'bad-length'
  | 'bad-target'
  | 'bad-method'
  | 'bad-version'
  | 'proxy';
/** The places that were planted. */
const planted = new Set<Place>();
function secret(place: Place): string {
  planted.add(place);
  return `PLANTED-${place}-7f3a`;
}
const foundIn = (text: string): string[] =>
  [...planted].filter((place) => text.includes(secret(place)));

/** Requests that are wrong in their syntax. */
const WRONG = [
  `GET / HTTP/1.1\r\nHost: a\r\n${secret('bad-name')}\0: x\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: a\r\nX: ${secret('bad-value')}\0\r\n\r\n`,
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${secret('bad-length')}\r\n\r\n`,
  `GET /\x01${secret('bad-target')} HTTP/1.1\r\nHost: a\r\n\r\n`,
  `${secret('bad-method')} / HTTP/1.1\r\nHost: a\r\n\r\n`,
  `GET / HTTP/${secret('bad-version')}\r\nHost: a\r\n\r\n`,
  `PROXY ${secret('proxy')}\r\n`,
];

/** Asks for everything once, with all secrets; the messages of what fails. */
async function exchangeSecrets(server: HttpServer): Promise<string> {
  let failures = '';
  const note = (error: unknown): void => {
    failures += `${String(error)} ${JSON.stringify(error)}\n`;
  };
  const headers = {
    Cookie: `a=${secret('cookie')}`,
    Authorization: `Bearer ${secret('bearer')}`,
    'X-Field': secret('field'),
  };
  await using client = new HttpClient({ deadlines: { headers: 300 } });
  const query = `?key=${secret('query')}#${secret('fragment')}`;
  for (const path of ['right', 'fails', 'breaks', 'hangs']) {
    await client
      .post(`${server.url}${path}${query}`, secret('body'), { headers })
      .then((response) => response.text())
      .catch(note);
  }
  const withUser = server.url.replace('://', `://me:${secret('user-info')}@`);
  await client
    .get(`${withUser}right`)
    .then((response) => response.text())
    .catch(note);
  await client.get(`http://127.0.0.1:1/${query}`, { headers }).catch(note);
  const { hostname, port } = new URL(server.url);
  for (const wrong of WRONG) {
    const stream = await TcpStream.connect({ host: hostname, port: Number(port) });
    await stream.writeAll(wrong);
    while ((await stream.readChunk().catch(() => null)) !== null);
    await stream.close();
  }
  return failures;
}

describe('secrets of messages', () => {
  test('are in no page, JSON, recording, metric, span, event of a refusal, error or line of a log', async () => {
    const outputs: Record<string, string> = {};
    const printed: string[] = [];
    const spies = [
      jest
        .spyOn(console, 'error')
        .mockImplementation((...line) => void printed.push(line.join(' '))),
      jest
        .spyOn(process.stderr, 'write')
        .mockImplementation((text) => printed.push(String(text)) > 0),
    ];
    const events: unknown[] = [];
    const keep = (event: unknown): void => {
      events.push(event);
    };
    const quiet = [SERVER_CHANNELS.refused, SERVER_CHANNELS.connectionClosed];
    for (const name of quiet) subscribe(name, keep);
    traceWaits(true);
    const page = await inspect({ attentionAfter: 0, always: true });
    try {
      await observed(async ({ all }) => {
        const server = await serve(
          async (request, context) => {
            request.route = '/planted';
            await request.body.text();
            if (request.path === '/fails') return new HttpResponse('no', { status: 503 });
            if (request.path === '/breaks') throw new Error('broken on purpose');
            if (request.path === '/hangs') {
              await new Promise((resolve) => {
                context.drainSignal.addEventListener('abort', resolve, { once: true });
              });
            }
            return HttpResponse.text(secret('answer-body'), {
              headers: { 'Set-Cookie': secret('set-cookie'), 'X-Answer': secret('answer-field') },
            });
          },
          { port: 0 },
        );
        const inside = await serve(metrics(server, undefined, { durations: true }), {
          listener: new MemoryListener(),
        });
        outputs['errors of the client'] = await exchangeSecrets(server);
        outputs['metrics'] = await (await inside.fetch('http://inside/')).text();
        const state = page.look();
        outputs['JSON'] = JSON.stringify(state);
        outputs['recording'] = JSON.stringify(page.record());
        outputs['trace'] = JSON.stringify(perfettoTrace(page.record()));
        const size = { columns: 200, rows: 100, hasColours: false };
        outputs['top'] = render(state, size).join('\n');
        await inside.shutdown({ grace: 0, idleWindow: 0 });
        await server.shutdown({ grace: 100, idleWindow: 0 });
        outputs['spans and metrics of OpenTelemetry'] = all();
      });
    } finally {
      for (const name of quiet) unsubscribe(name, keep);
      for (const spy of spies) spy.mockRestore();
      traceWaits(false);
      await page.close();
    }
    outputs['events'] = JSON.stringify(events);
    outputs['stderr'] = printed.join('\n');
    expect(planted.size).toBe(17);
    const leaks = Object.entries(outputs).flatMap(([name, text]) =>
      foundIn(text).map((place) => `${place} in ${name}`),
    );
    expect(leaks).toEqual([]);
    // Each of them has seen something.
    const empty = Object.entries(outputs).filter(([, text]) => text.length < 50);
    expect(empty).toEqual([]);
    expect(outputs['JSON']).toContain('/right');
    expect(outputs['stderr']).toContain('broken on purpose');
    expect(outputs['metrics']).toContain('route="/planted"');
  });
});
