/** Which stores the handlers and requests have that a tracer binds. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { describe, expect, jest, test } from '@jest/globals';
import { HttpResponse, TRACING_CHANNELS } from '../../src/index.ts';
import { connectWebSocket, webSocket } from '../../src/websocket/index.ts';
import { simulated } from '../support/simulated.ts';
import { ask, GET } from './traced.ts';

/** A store that each trace gets a new value of, while a function runs. */
async function withStore(
  key: keyof typeof TRACING_CHANNELS,
  run: (store: AsyncLocalStorage<unknown>) => Promise<void>,
): Promise<void> {
  const store = new AsyncLocalStorage<unknown>();
  const { start } = tracingChannel<unknown, object>(TRACING_CHANNELS[key]);
  let count = 0;
  start.bindStore(store, () => {
    count += 1;
    return `${key} ${count}`;
  });
  try {
    await run(store);
  } finally {
    start.unbindStore(store);
  }
}

describe('a store that is bound to the channel', () => {
  test('of requests is there in the handler and what it starts, and differs between requests', async () => {
    const seen: unknown[] = [];
    await withStore('serverRequest', (store) =>
      simulated(async (world) => {
        await world.serve(async (_request, context) => {
          seen.push(store.getStore());
          await context.clock.sleep(5);
          seen.push(store.getStore());
          return HttpResponse.text('hello');
        });
        const wire = await world.connect();
        await wire.send(GET + GET);
        await wire.response();
        await wire.response();
        expect(store.getStore()).toBe(undefined);
      }),
    );
    expect(seen).toEqual([
      'serverRequest 1',
      'serverRequest 1',
      'serverRequest 2',
      'serverRequest 2',
    ]);
  });

  test('of connections is there in the handlers of their requests', async () => {
    const seen: unknown[] = [];
    await withStore('serverConnection', (store) =>
      simulated(async (world) => {
        await world.serve(() => {
          seen.push(store.getStore());
          return HttpResponse.text('hello');
        });
        const wire = await world.connect();
        await wire.send(GET + GET);
        await wire.response();
        await wire.response();
        await ask(world);
      }),
    );
    expect(seen).toEqual(['serverConnection 1', 'serverConnection 1', 'serverConnection 2']);
  });

  test('of a client’s requests is there while one is sent, and not afterwards', async () => {
    const seen: unknown[] = [];
    await withStore('clientRequest', (store) =>
      simulated(async (world) => {
        await world.serve(async (request) => HttpResponse.text(await request.text()));
        const client = world.client();
        const body = (async function* pieces() {
          seen.push(store.getStore());
          yield 'x';
        })();
        await (await client.post('http://server/', body)).text();
        seen.push(store.getStore());
      }),
    );
    expect(seen).toEqual(['clientRequest 1', undefined]);
  });
});

test('nothing is published, and no store is entered, while no channel has a subscriber', async () => {
  const channels = Object.values(TRACING_CHANNELS).map((name) => tracingChannel(name));
  const spies = channels.flatMap(({ start, end, asyncStart, asyncEnd, error }) => [
    jest.spyOn(start, 'runStores'),
    ...[start, end, asyncStart, asyncEnd, error].map((each) => jest.spyOn(each, 'publish')),
  ]);
  try {
    await simulated(async (world) => {
      await world.serve(async (request, context) => {
        if (request.path !== '/socket') return HttpResponse.text('hello');
        const socket = await webSocket(request, context);
        await socket.closed;
        return undefined;
      });
      const client = world.client();
      await (await client.get('http://server/')).text();
      const { clock, random } = world.sim;
      const socket = await connectWebSocket('ws://server/socket', { client, clock, random });
      await socket.close();
    });
    expect(spies.filter((spy) => spy.mock.calls.length > 0)).toEqual([]);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
});
