/** Handlers of a server with `scope`: what they wait for ends with their request. */
import { describe, expect, test } from '@jest/globals';
import {
  cancelScope,
  CancelledError,
  defaultExecutor,
  MemoryListener,
  systemClock,
  timeout,
} from '@awaitio/core';
import { outsideScopes, watchScope, type AmbientScope } from '@awaitio/core/lowlevel';
import { ManualClock } from '@awaitio/core/testing';
import { HttpClient, HttpResponse, serve, type Handler, type HttpServer } from '../../src/index.ts';

/** The scope of the caller. */
function currentScope(): AmbientScope | undefined {
  const watcher = { onAbort: () => {} };
  const scope = watchScope(watcher);
  scope?.unwatch(watcher);
  return scope;
}

async function shutDown(server: HttpServer, clock: ManualClock): Promise<void> {
  const report = server.shutdown({ grace: 0 });
  await clock.advance(1_000);
  await report;
}

/** Sends a request over a stream of bytes, and leaves once something of the answer, or the handler, has begun. */
async function leave(listener: MemoryListener, clock: ManualClock, path: string): Promise<void> {
  const client = await listener.connect();
  await client.writeAll(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await clock.advance(0);
  client.reset();
  await clock.advance(0);
}

describe('a handler of a server with `scope`', () => {
  const setUp = async (handler: Handler) => {
    const clock = new ManualClock();
    const listener = new MemoryListener({ clock });
    const errors: unknown[] = [];
    const server = await serve(handler, {
      listener,
      clock,
      scope: true,
      deadlines: { handler: 1_000 },
      onError: (error) => errors.push(error),
    });
    return { clock, listener, errors, server };
  };

  test('ends when its client leaves, wherever it waits, without a signal, and is no error', async () => {
    const ended: unknown[] = [];
    const sleep = async (): Promise<void> => {
      await Promise.resolve();
      await systemClock.sleep(60_000).catch((error: unknown) => {
        ended.push(error);
        throw error;
      });
    };
    const { clock, listener, errors, server } = await setUp(async ({ path }) => {
      if (path === '/group') await defaultExecutor.group(({ spawn }) => void spawn(sleep));
      else if (path === '/timeout') await timeout(60_000, sleep);
      else await sleep();
      return HttpResponse.empty();
    });
    for (const path of ['/', '/group', '/timeout']) await leave(listener, clock, path);
    expect(ended.map((error) => error instanceof CancelledError)).toEqual([true, true, true]);
    expect((ended[0] as CancelledError).cause).toMatchObject({ name: 'ClientGoneError' });
    expect([errors, server.statistics().requests.active]).toEqual([[], 0]);
    await shutDown(server, clock);
  });

  test('ends at its deadline, and so does the clean-up that is not shielded', async () => {
    const ended: string[] = [];
    const { clock, listener, errors, server } = await setUp(async (_request, { clock: own }) => {
      try {
        await own.sleep(60_000);
      } finally {
        await own.sleep(1).catch((error: Error) => ended.push(error.name));
        await cancelScope(() => own.sleep(1), { shield: true, timeout: 100 });
        ended.push('cleaned up');
      }
      return HttpResponse.empty();
    });
    const client = new HttpClient({ connect: () => listener.connect(), clock });
    const response = client.get('http://a/');
    await clock.advance(1_000);
    expect((await response).status).toBe(503);
    await clock.advance(1);
    expect(ended).toEqual(['CancelledError', 'cleaned up']);
    expect(errors).toMatchObject([{ name: 'TimeoutError' }]);
    await client.close();
    await shutDown(server, clock);
  });

  test('ends with the grace of a shutdown, and as a fetch handler does', async () => {
    const ended: string[] = [];
    const clock = new ManualClock();
    const wait = async (): Promise<void> => {
      await clock.sleep(60_000).catch((error: Error) => {
        ended.push(error.name);
        throw error;
      });
    };
    const errors: unknown[] = [];
    const listener = new MemoryListener({ clock });
    const server = await serve(
      { fetch: async () => (await wait(), new Response('never')) },
      { listener, clock, scope: true, onError: (error) => errors.push(error) },
    );
    await leave(listener, clock, '/');
    const stays = await listener.connect();
    await stays.writeAll('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await clock.advance(0);
    await shutDown(server, clock);
    expect([ended, errors]).toEqual([['CancelledError', 'CancelledError'], []]);
    stays.reset();
  });

  test('ends the body that it streams, also a generator that waits', async () => {
    const ended: unknown[] = [];
    const { clock, listener, errors, server } = await setUp((_request, context) =>
      HttpResponse.stream(
        (async function* () {
          try {
            yield 'first';
            await context.clock.sleep(60_000);
          } finally {
            ended.push(currentScope()?.cancelled?.name);
          }
        })(),
      ),
    );
    await leave(listener, clock, '/');
    expect([ended, errors]).toEqual([['CancelledError'], []]);
    await shutDown(server, clock);
  });

  test('goes on after its response with what it has begun, and so does work outside of scopes', async () => {
    const done: string[] = [];
    const { clock, listener, errors, server } = await setUp((request, context) => {
      const work = async (): Promise<void> => {
        await context.clock.sleep(100);
        done.push(request.path);
      };
      if (request.path === '/answered') {
        context.waitUntil(work());
        return HttpResponse.text('answered');
      }
      context.waitUntil(outsideScopes(work));
      return context.clock.sleep(60_000).then(() => HttpResponse.empty());
    });
    await leave(listener, clock, '/left');
    const client = new HttpClient({ connect: () => listener.connect(), clock });
    expect(await (await client.get('http://a/answered')).text()).toBe('answered');
    await client.close();
    await clock.advance(100);
    expect([done, errors]).toEqual([['/left', '/answered'], []]);
    await shutDown(server, clock);
  });

  test('that has upgraded sees the end of its stream, and goes on after it', async () => {
    const got: unknown[] = [];
    const { clock, listener, errors, server } = await setUp(async (_request, context) => {
      const { stream } = await context.upgrade();
      for (let line; (line = await stream.readLine()) !== null;) got.push(line);
      await context.clock.sleep(100);
      await stream.writeAll('bye\n');
      await stream.close();
    });
    const client = await listener.connect();
    await client.writeAll(
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: lines\r\n\r\none\n',
    );
    await clock.advance(0);
    await client.writeAll('two\n');
    await client.shutdown('write');
    await clock.advance(100);
    const answer = await client.readUntil('\r\n\r\n');
    expect(Buffer.from(answer ?? []).toString()).toContain('101 Switching Protocols');
    expect([got, await client.readLine(), await client.readLine()]).toEqual([
      ['one', 'two'],
      'bye',
      null,
    ]);
    expect(errors).toEqual([]);
    await client.close();
    await shutDown(server, clock);
  });

  test('ends for a client that has only finished sending, too', async () => {
    const ended: unknown[] = [];
    const { clock, listener, errors, server } = await setUp(async (_request, context) => {
      await context.clock.sleep(100).catch((error: unknown) => {
        ended.push(error);
        throw error;
      });
      return HttpResponse.empty();
    });
    const client = await listener.connect();
    await client.writeAll('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.shutdown('write');
    await clock.advance(100);
    expect([ended.length, errors]).toEqual([1, []]);
    expect(ended[0]).toBeInstanceOf(CancelledError);
    client.reset();
    await shutDown(server, clock);
  });

  test('is in no scope of another request, or of the server', async () => {
    const seen = new Set<unknown>();
    const { clock, listener, server } = await setUp(async (request) => {
      seen.add(currentScope());
      await request.bytes();
      return HttpResponse.text('same');
    });
    const client = new HttpClient({ connect: () => listener.connect(), clock });
    for (let count = 0; count < 3; count += 1) {
      expect(await (await client.post('http://a/', 'body')).text()).toBe('same');
    }
    expect([seen.size, seen.has(undefined), server.statistics().connections.total]).toEqual([
      3,
      false,
      1,
    ]);
    await client.close();
    await shutDown(server, clock);
  });
});

test('a handler of a server without `scope` is in no scope', async () => {
  const listener = new MemoryListener();
  const server = await serve(
    () => HttpResponse.text(currentScope() === undefined ? 'none' : 'one'),
    { listener },
  );
  const client = new HttpClient({ connect: () => listener.connect() });
  expect(await (await client.get('http://a/')).text()).toBe('none');
  await client.close();
  await server.shutdown();
});
