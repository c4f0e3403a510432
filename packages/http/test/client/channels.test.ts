/** What a client reports on `node:diagnostics_channel`. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, test } from '@jest/globals';
import {
  CLIENT_CHANNELS,
  HttpResponse,
  type ClientEvent,
  type ObservedRequest,
} from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';

/** The events while a function runs. */
async function eventsOf(run: () => Promise<void>): Promise<ClientEvent[]> {
  const events: ClientEvent[] = [];
  const record = (event: unknown): void => void events.push(event as ClientEvent);
  for (const name of Object.values(CLIENT_CHANNELS)) subscribe(name, record);
  try {
    await run();
  } finally {
    for (const name of Object.values(CLIENT_CHANNELS)) unsubscribe(name, record);
  }
  return events;
}

describe('the channels of a client', () => {
  test('have each connection, and each attempt from its start to its end', async () => {
    const events = await eventsOf(() =>
      simulated(async (world) => {
        await world.serve((request) =>
          request.path === '/old'
            ? HttpResponse.empty({ status: 302, headers: { Location: '/new' } })
            : HttpResponse.text('hello'),
        );
        const client = world.client();
        await (await client.get('http://user:SECRET@server/old?q=1')).text();
        await client.close();
      }),
    );
    expect(events.map((event) => event.type)).toEqual([
      'connectionOpened',
      'requestStarted',
      'responseStarted',
      'requestFinished',
      'requestStarted',
      'responseStarted',
      'requestFinished',
      'connectionClosed',
    ]);
    const origin = 'http://server';
    expect(events[0]).toEqual({ type: 'connectionOpened', origin, duration: 2 });
    const requests = new Set<ObservedRequest>();
    for (const event of events) if ('request' in event) requests.add(event.request);
    expect([...requests]).toEqual([
      { method: 'GET', origin, target: '/old?q=1', attempt: 1 },
      { method: 'GET', origin, target: '/new', attempt: 2 },
    ]);
    expect(events.at(-1)).toMatchObject({ type: 'connectionClosed', origin, requests: 2 });
    expect(JSON.stringify(events)).not.toContain('SECRET');
  });

  test('say why an attempt is not complete', async () => {
    const events = await eventsOf(() =>
      simulated(async (world) => {
        const server = await world.listen();
        const client = world.client();
        for (const answer of ['', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort']) {
          const asking = client.post('http://server/', 'x').then((response) => response.text());
          asking.catch(() => {});
          const wire = await server.accept();
          await wire.head();
          await wire.send(answer);
          await wire.finish();
          await expect(asking).rejects.toBeInstanceOf(Error);
        }
      }),
    );
    const finished = events.filter((event) => event.type === 'requestFinished');
    expect(finished).toMatchObject([
      { status: 0, isComplete: false, error: { code: 'ECONNRESET' } },
      { status: 200, isComplete: false, error: { code: 'ERR_HTTP_TRUNCATED' } },
    ]);
  });
});
