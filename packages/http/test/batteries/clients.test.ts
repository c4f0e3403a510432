import { describe, expect, jest, test } from '@jest/globals';
import { EventSource, fetch as undiciFetch } from 'undici';
import {
  compress,
  events,
  type EventsSource,
  type ServerSentEvent,
} from '../../src/batteries/index.ts';
import { HttpResponse, serve, type Handler } from '../../src/index.ts';

const LONG = 'again and again, '.repeat(20_000);

describe('a client that decodes', () => {
  test.each([
    ['the fetch of Node', fetch],
    // Another release of the same function, with types of that release.
    ['the fetch of undici', undiciFetch as unknown as typeof fetch],
  ])('such as %s reads what was compressed, whole and streamed', async (_name, get) => {
    const handler = compress((request) =>
      request.path === '/whole'
        ? HttpResponse.text(LONG)
        : HttpResponse.stream(Array.from(LONG.match(/.{1,1000}/gs) ?? []), {
            headers: { 'Content-Type': 'text/plain' },
          }),
    );
    await using server = await serve(handler);
    for (const path of ['whole', 'streamed']) {
      for (const coding of ['gzip', 'br', 'gzip;q=0.5, br']) {
        const answer = await get(server.url + path, { headers: { 'accept-encoding': coding } });
        expect(answer.headers.get('content-encoding')).toBe(coding.includes('br') ? 'br' : 'gzip');
        expect(await answer.text()).toBe(LONG);
      }
    }
  });
});

describe('an EventSource', () => {
  const past: readonly ServerSentEvent[] = Array.from({ length: 6 }, (_, at) => ({
    id: String(at + 1),
    event: 'tick',
    data: `event ${at + 1}\nwith two lines`,
  }));

  /** Three events from where the client left off, and then silence. */
  const three: EventsSource = async function* (lastEventId, { signal }) {
    const from = Number(lastEventId ?? 0);
    yield* past.slice(from, from + 3);
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve);
    });
  };

  test.each<[string, (handler: Handler) => Handler]>([
    ['as it is', (handler) => handler],
    ['compressed', (handler) => compress(handler)],
  ])('goes on after a restart of the server, where it left off, %s', async (_how, around) => {
    const handler = around((request, context) => events(three, { request, context, retry: 10 }));
    const first = await serve(handler);
    // undici says once that it is experimental.
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const source = new EventSource(first.url);
    warn.mockRestore();
    const received: [id: string, data: string][] = [];
    const count = (wanted: number): Promise<void> =>
      new Promise((resolve) => {
        source.addEventListener('tick', (event) => {
          // The types of undici have an `Event` without them here.
          const { lastEventId, data } = event as unknown as { lastEventId: string; data: string };
          if (received.length < wanted) received.push([lastEventId, data]);
          if (received.length === wanted) resolve();
        });
      });
    await count(3);
    const { port } = new URL(first.url);
    expect((await first.shutdown({ idleWindow: 10 })).aborted).toEqual([]);
    const rest = count(6);
    await using second = await serve(handler, { port: Number(port) });
    await rest;
    source.close();
    expect(received).toEqual(past.map(({ id, data }) => [id, data]));
    expect((await second.shutdown({ idleWindow: 10 })).aborted).toEqual([]);
  });
});
