/** Servers and clients in the scopes of `@awaitio/core`: a request ends with its scope, a server does not. */
import { describe, expect, test } from '@jest/globals';
import { cancelScope, CancelledError, MemoryListener, timeout, TimeoutError } from '@awaitio/core';
import { ManualClock } from '@awaitio/core/testing';
import { echo, HttpClient, HttpResponse, serve, type HttpServer } from '../src/index.ts';

const outcomeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (value: unknown) => ({ value }),
    (error: unknown) => ({ error }),
  );

async function shutDown(server: HttpServer, clock: ManualClock): Promise<void> {
  const report = server.shutdown({ grace: 0 });
  await clock.advance(1_000);
  await report;
}

describe('a request', () => {
  test('ends with its scope, waiting for its head or its body, and the client goes on', async () => {
    const clock = new ManualClock();
    const listener = new MemoryListener({ clock });
    const server = await serve(
      (request) => {
        if (request.path === '/never') return new Promise<never>(() => {});
        if (request.path === '/half') {
          return HttpResponse.stream(
            (async function* () {
              yield Buffer.from('half');
              await new Promise(() => {});
            })(),
          );
        }
        return HttpResponse.text('whole');
      },
      { listener, clock },
    );
    const client = new HttpClient({ connect: () => listener.connect(), clock });
    const head = outcomeOf(timeout(10, () => client.get('http://a/never'), { clock }));
    const body = outcomeOf(
      timeout(10, async () => (await client.get('http://a/half')).text(), { clock }),
    );
    await clock.advance(10);
    expect([await head, await body]).toEqual([
      { error: new TimeoutError('timeout', 10) },
      { error: new TimeoutError('timeout', 10) },
    ]);
    const later = await cancelScope(
      async ({ cancel }) => {
        cancel();
        return (await outcomeOf(client.get('http://a/'))) as { error: unknown };
      },
      { clock },
    );
    expect(later?.error).toBeInstanceOf(CancelledError);
    expect(await (await client.get('http://a/')).text()).toBe('whole');
    await client.close();
    await shutDown(server, clock);
  });

  test('leaves its connection to the next one, whose scope is another', async () => {
    const clock = new ManualClock();
    const listener = new MemoryListener({ clock });
    const server = await serve(echo(), { listener, clock });
    const client = new HttpClient({ connect: () => listener.connect(), clock });
    const ask = async (text: string): Promise<string> =>
      (await client.post('http://a/', text)).text();
    const first = await cancelScope(
      async ({ cancel }) => {
        const answer = await ask('one');
        setImmediate(cancel);
        await clock.sleep(60_000).catch(() => {});
        return answer;
      },
      { clock },
    );
    expect([first, await ask('two')]).toEqual(['echo: one', 'echo: two']);
    expect(server.statistics().connections.total).toBe(1);
    await client.close();
    await server.shutdown();
  });
});

describe('a server', () => {
  test('that was started in a scope serves on when the scope has ended, and shuts down in one that has', async () => {
    const clock = new ManualClock();
    const listener = new MemoryListener({ clock });
    const server = await cancelScope(
      async ({ cancel }) => {
        const started = await serve(echo(), { listener, clock });
        cancel();
        return started;
      },
      { clock },
    );
    if (server === undefined) throw new Error('it was not started');
    const client = new HttpClient({ connect: () => listener.connect(), clock });
    expect(await (await client.post('http://a/', 'hello')).text()).toBe('echo: hello');
    await client.close();
    const report = await cancelScope(
      async ({ cancel }) => {
        cancel();
        return server.shutdown();
      },
      { clock },
    );
    expect(report).toMatchObject({ aborted: [] });
  });

  test('answers for a handler whose own scope ends', async () => {
    const clock = new ManualClock();
    const listener = new MemoryListener({ clock });
    const errors: unknown[] = [];
    const server = await serve(
      () => timeout(10, () => clock.sleep(60_000).then(() => HttpResponse.empty()), { clock }),
      { listener, clock, onError: (error) => errors.push(error) },
    );
    const client = new HttpClient({ connect: () => listener.connect(), clock });
    const response = client.get('http://a/');
    await clock.advance(10);
    expect((await response).status).toBe(500);
    expect(errors).toEqual([new TimeoutError('timeout', 10)]);
    await client.close();
    await server.shutdown();
  });

  test('ends what a handler waits for in a scope of the signal of its request', async () => {
    const clock = new ManualClock();
    const listener = new MemoryListener({ clock });
    let ended: unknown;
    const server = await serve(
      async ({ signal }) => {
        const response = await cancelScope(
          async () => {
            await clock.sleep(60_000).catch((error: unknown) => {
              ended = error;
              throw error;
            });
            return HttpResponse.empty();
          },
          { signal, clock },
        );
        return response ?? HttpResponse.empty();
      },
      { listener, clock },
    );
    const client = await listener.connect();
    await client.writeAll('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await clock.advance(0);
    client.reset();
    await clock.advance(0);
    expect(ended).toBeInstanceOf(CancelledError);
    expect((ended as CancelledError).cause).toMatchObject({ name: 'ClientGoneError' });
    await shutDown(server, clock);
  });
});
