/** What handlers and listeners see of `AsyncLocalStorage`, and who sees what they enter. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { MemoryListener, memoryPair, TcpListener } from '@awaitio/core';
import { deferred } from '@awaitio/core/lowlevel';
import { Hono } from 'hono';
import { contextStorage, getContext } from 'hono/context-storage';
import {
  HttpClient,
  HttpResponse,
  serve,
  SERVER_CHANNELS,
  type FetchApplication,
  type Handler,
  type HttpServer,
  type ServeOptions,
} from '../../src/index.ts';
import { Wire } from '../support/wire.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Runs `first-store.ts` in a new process, in which no store has been entered yet. */
function firstStore(place: string): Promise<{ seen: string[]; own: Record<string, string> }> {
  const flags = ['--no-warnings', '--conditions=source', '--import'];
  const hooks = here('../../../core/test/support/typescript-hooks.mjs');
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [...flags, hooks, here('../programs/first-store.ts'), place],
      (error, stdout) => {
        if (error === null) resolve(JSON.parse(stdout));
        else reject(error);
      },
    );
  });
}

describe('the first store of a process, entered with enterWith', () => {
  const everywhere = { 'after the body': 'entered', 'after the timer': 'entered' };
  // A process each, since a process has one first time: not one for every place.
  test.each<[name: string, place: string, own: Record<string, string>]>([
    ['before the first await of a handler', 'sync', everywhere],
    ['by a handler that returns no promise', 'immediate', {}],
    ['after the body was read', 'body', everywhere],
    ['by a body that is streamed', 'generator', {}],
    ['by a listener of request.signal', 'signal', {}],
    ['by onError', 'onError', {}],
    ['by onEvent for an opened connection', 'connectionOpened', {}],
  ])(
    '%s, is seen by that request alone',
    async (_, place, own) => {
      expect(await firstStore(place)).toEqual({ seen: [], own });
    },
    60_000,
  );
});

/** Serves in memory and shuts down. */
async function served<T>(
  handler: Handler | FetchApplication,
  options: ServeOptions,
  body: (server: HttpServer, open: () => Wire) => Promise<T>,
): Promise<T> {
  const server = await serve(handler, { listener: new MemoryListener(), ...options });
  try {
    return await body(server, () => {
      const [ours, theirs] = memoryPair();
      server.serveStream(theirs);
      return new Wire(ours);
    });
  } finally {
    await server.shutdown({ grace: 0 });
  }
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const post = (path: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n`;

describe('once a storage is in use', () => {
  test.each([['run'], ['enterWith']] as const)(
    'what a handler enters by %s ends with its request, also for pipelined requests',
    async (way) => {
      const storage = new AsyncLocalStorage<string>();
      const seen: (string | undefined)[] = [];
      const answer = async (): Promise<HttpResponse> => {
        await Promise.resolve();
        return HttpResponse.text(storage.getStore() ?? 'none');
      };
      const handler: Handler = (request) => {
        seen.push(storage.getStore());
        if (way === 'run') return storage.run(request.path, answer);
        storage.enterWith(request.path);
        return request.path === '/sync' ? HttpResponse.text('/sync') : answer();
      };
      await served(handler, {}, async (_, open) => {
        const wire = open();
        await wire.send(get('/a') + get('/sync') + get('/b'));
        const bodies = [await wire.response(), await wire.response(), await wire.response()];
        expect(bodies.map(({ body }) => body)).toEqual(['/a', '/sync', '/b']);
        await wire.send(get('/c'));
        expect((await wire.response()).body).toBe('/c');
        await wire.close();
      });
      expect(seen).toEqual([undefined, undefined, undefined, undefined]);
    },
  );

  test('a handler begins in the context in which the server was started', async () => {
    const storage = new AsyncLocalStorage<string>();
    const handler: Handler = () => HttpResponse.text(storage.getStore() ?? 'none');
    const server = await storage.run('start', () => serve(handler, { port: 0 }));
    const answers = await storage.run('client', () =>
      Promise.all([1, 2, 3].map(async () => (await fetch(server.url)).text())),
    );
    expect(answers).toEqual(['start', 'start', 'start']);
    // Its connection is shared by all callers of `server.fetch`.
    const inMemory = await storage.run('fetch', () => server.fetch('http://a/'));
    expect(await inMemory.text()).toBe('start');
    await server.shutdown();
  });

  test('a connection that was passed to serveStream has the context of that call', async () => {
    const storage = new AsyncLocalStorage<string>();
    const handler: Handler = () => HttpResponse.text(storage.getStore() ?? 'none');
    await served(handler, {}, async (_, open) => {
      const wire = storage.run('stream', open);
      await wire.send(get('/') + get('/'));
      expect((await wire.response()).body).toBe('stream');
      expect((await wire.response()).body).toBe('stream');
      await wire.close();
    });
  });

  test('a streamed body is produced in the context in which its response was made', async () => {
    const storage = new AsyncLocalStorage<string>();
    async function* pieces() {
      yield `${storage.getStore()} `;
      await new Promise(setImmediate);
      yield String(storage.getStore());
    }
    const trailers = (): Record<string, string> => ({ 'X-Store': String(storage.getStore()) });
    const make = async (): Promise<HttpResponse> => {
      await Promise.resolve();
      return HttpResponse.stream(pieces(), { trailers });
    };
    const handler: Handler = (request) => storage.run(request.path, make);
    await served(handler, {}, async (_, open) => {
      const wire = open();
      await wire.send(get('/a') + get('/b'));
      const [a, b] = [await wire.response(), await wire.response()];
      expect([a.body, a.trailers]).toEqual(['/a /a', 'X-Store: /a\r\n']);
      expect([b.body, b.trailers]).toEqual(['/b /b', 'X-Store: /b\r\n']);
      await wire.close();
    });
  });

  test('request.signal calls its listeners in the context in which it was first read', async () => {
    const storage = new AsyncLocalStorage<string>();
    const { promise, resolve } = deferred<string>();
    const handler: Handler = (request) =>
      storage.run(request.path, async () => {
        const { signal } = request;
        if (request.path === '/first') return HttpResponse.text('first');
        await new Promise<void>((stop) => {
          signal.addEventListener('abort', () => {
            resolve(storage.getStore() ?? 'none');
            stop();
          });
        });
        return HttpResponse.text('not read');
      });
    await served(handler, {}, async (_, open) => {
      const wire = open();
      await wire.send(get('/first'));
      await wire.response();
      await wire.send(get('/second'));
      await wire.close();
      expect(await promise).toBe('/second');
    });
  });

  test('onError and the last event of a request see what its handler entered first', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const handler: Handler = async (request) => {
      storage.enterWith(request.path);
      await request.text();
      if (request.path === '/fails') throw new Error('this failure is part of the test');
      return HttpResponse.empty();
    };
    const options: ServeOptions = {
      onError: () => seen.push(`onError ${storage.getStore()}`),
      onEvent: ({ type }) => {
        if (type.startsWith('request')) seen.push(`${type} ${storage.getStore()}`);
      },
    };
    await served(handler, options, async (_, open) => {
      const wire = open();
      await wire.send(`${post('/fails')}ab${get('/works')}`);
      await wire.response();
      await wire.response();
      await wire.close();
    });
    expect(seen).toEqual([
      'requestStarted undefined',
      'onError /fails',
      'requestFinished /fails',
      'requestStarted undefined',
      'requestFinished /works',
    ]);
  });

  test('work given to waitUntil is reported in the context of its request', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const handler: Handler = (request, context) =>
      storage.run(request.path, async () => {
        await request.text();
        context.waitUntil(Promise.reject(new Error('this failure is part of the test')));
        return HttpResponse.empty();
      });
    await served(handler, { onError: () => seen.push(storage.getStore()) }, async (_, open) => {
      const wire = open();
      await wire.send(get('/a') + get('/b'));
      await wire.response();
      await wire.response();
      await wire.close();
    });
    expect(seen).toEqual(['/a', '/b']);
  });

  test('what a subscriber of requestStarted enters is the context of the handler: a tracer is built so', async () => {
    const spans = new AsyncLocalStorage<{ readonly target: string }>();
    const begin = (event: unknown): void => {
      spans.enterWith({ target: (event as { target: string }).target });
    };
    const ended: (string | undefined)[] = [];
    const end = (): void => {
      ended.push(spans.getStore()?.target);
    };
    subscribe(SERVER_CHANNELS.requestStarted, begin);
    subscribe(SERVER_CHANNELS.requestFinished, end);
    const handler: Handler = async (request) => {
      const before = spans.getStore()?.target;
      await request.text();
      return HttpResponse.text(`${before} ${spans.getStore()?.target}`);
    };
    try {
      await served(handler, {}, async (_, open) => {
        const wires = [open(), open()];
        await Promise.all(wires.map((wire, at) => wire.send(get(`/${at}`) + get(`/${at}/next`))));
        for (const [at, wire] of wires.entries()) {
          expect((await wire.response()).body).toBe(`/${at} /${at}`);
          expect((await wire.response()).body).toBe(`/${at}/next /${at}/next`);
          await wire.close();
        }
      });
    } finally {
      unsubscribe(SERVER_CHANNELS.requestStarted, begin);
      unsubscribe(SERVER_CHANNELS.requestFinished, end);
    }
    expect(new Set(ended)).toEqual(new Set(['/0', '/0/next', '/1', '/1/next']));
    expect(ended).toHaveLength(4);
    expect(spans.getStore()).toBeUndefined();
  });

  test("Hono's context storage has each request's own context", async () => {
    const app = new Hono();
    app.use(contextStorage());
    app.get('/:name', async (c) => {
      await new Promise(setImmediate);
      return c.text(`${c.req.param('name')} ${getContext().req.path}`);
    });
    await served(app as FetchApplication, {}, async (_, open) => {
      const wires = [open(), open(), open()];
      await Promise.all(wires.map((wire, at) => wire.send(get(`/${at}`) + get(`/next-${at}`))));
      for (const [at, wire] of wires.entries()) {
        expect((await wire.response()).body).toBe(`${at} /${at}`);
        expect((await wire.response()).body).toBe(`next-${at} /next-${at}`);
        await wire.close();
      }
    });
  });
});

describe('a client', () => {
  test('continues in the context of its caller, also where another opened the connection', async () => {
    const storage = new AsyncLocalStorage<string>();
    const server = await serve(async (request) => HttpResponse.text(await request.text()));
    await using client = new HttpClient();
    const ask = async (): Promise<string | undefined> => {
      const response = await client.post(server.url, 'x'.repeat(100_000));
      const before = storage.getStore();
      await response.bytes();
      return before === storage.getStore() ? before : 'changed';
    };
    expect(await storage.run('first', ask)).toBe('first');
    expect(await storage.run('second', ask)).toBe('second');
    expect(await Promise.all([storage.run('a', ask), storage.run('b', ask)])).toEqual(['a', 'b']);
    await server.shutdown();
  });

  test('opens connections in the context in which it was made', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    await served(
      () => HttpResponse.empty(),
      {},
      async (server) => {
        await using client = new HttpClient({
          connect: async () => {
            seen.push(storage.getStore());
            const [ours, theirs] = memoryPair();
            server.serveStream(theirs);
            return ours;
          },
        });
        await storage.run('request', () => client.get('http://a/'));
        expect(seen).toEqual([undefined]);
      },
    );
  });
});

describe('an idle kept-alive connection', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;

  test('keeps the store of no request alive, at either end', async () => {
    const storage = new AsyncLocalStorage<object>();
    const listener = await TcpListener.bind('127.0.0.1:0');
    const stores: WeakRef<object>[] = [];
    const enter = (): void => {
      const store = { of: 'a request' };
      stores.push(new WeakRef(store));
      storage.enterWith(store);
    };
    const handler: Handler = async (request) => {
      enter();
      request.signal.addEventListener('abort', () => {});
      await request.text();
      async function* pieces() {
        yield 'one';
        await new Promise(setImmediate);
        yield 'two';
      }
      return HttpResponse.stream(pieces());
    };
    const server = await serve(handler, { listener });
    await using client = new HttpClient();
    const ask = async (): Promise<void> => {
      enter();
      await (await client.post(server.url, 'body')).text();
    };
    await new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        ask().then(resolve, reject);
      });
    });
    for (
      let turn = 0;
      turn < 20 && stores.some((store) => store.deref() !== undefined);
      turn += 1
    ) {
      await new Promise(setImmediate);
      collect();
    }
    expect(server.statistics().connections.open).toBe(1);
    expect(stores.map((store) => store.deref())).toEqual([undefined, undefined]);
    await server.shutdown();
  });
});
