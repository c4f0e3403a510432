import { describe, expect, test } from '@jest/globals';
import { ClosedError, MemoryListener, memoryPair, TcpListener, TcpStream } from '@awaitio/core';
import { H3, readBody } from 'h3';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { AutoRouter, type IRequest } from 'itty-router';
import { serve, type FetchApplication, type FetchInfo, type HttpServer } from '../../src/index.ts';

/** Serves in memory, asks over `server.fetch`, and shuts down. */
async function inMemory(
  application: FetchApplication,
  body: (server: HttpServer, errors: unknown[]) => Promise<void>,
): Promise<void> {
  const errors: unknown[] = [];
  const server = await serve(application, {
    listener: new MemoryListener(),
    onError: (error) => errors.push(error),
  });
  try {
    await body(server, errors);
  } finally {
    await server.shutdown({ grace: 0 });
  }
}

const post = (body: RequestInit['body']): RequestInit =>
  ({ method: 'POST', body, duplex: 'half' }) as RequestInit;

describe('real applications are served', () => {
  const hono = new Hono()
    .get('/hello/:name', (c) => c.text(`Hello ${c.req.param('name')}`))
    .post('/json', async (c) => c.json({ got: await c.req.json<unknown>() }, 201));
  const h3 = new H3()
    .get('/hello/:name', (event) => `Hello ${event.context.params?.name}`)
    .post('/json', async (event) => {
      event.res.status = 201;
      return { got: await readBody(event) };
    });
  const itty = AutoRouter()
    .get('/hello/:name', ({ params }: IRequest) => new Response(`Hello ${params.name}`))
    .post('/json', (request: IRequest) =>
      request.json().then((got: unknown) => Response.json({ got }, { status: 201 })),
    );

  describe.each([
    ['Hono', hono as FetchApplication],
    ['H3', h3 as unknown as FetchApplication],
    ['itty-router', itty as unknown as FetchApplication],
  ])('%s', (_name, application) => {
    test('answers in memory', () =>
      inMemory(application, async (server) => {
        const hello = await server.fetch('http://test/hello/you');
        expect([hello.status, await hello.text()]).toEqual([200, 'Hello you']);
        const made = await server.fetch('http://test/json', {
          ...post('{"a":1}'),
          headers: { 'content-type': 'application/json' },
        });
        expect([made.status, await made.json()]).toEqual([201, { got: { a: 1 } }]);
        expect((await server.fetch('http://test/missing')).status).toBe(404);
      }));

    test('answers over TCP, with HEAD, and keeps the connection', async () => {
      const server = await serve(application, { port: 0 });
      const stream = await TcpStream.connect(String(server.address));
      await stream.writeAll('HEAD /hello/you HTTP/1.1\r\nHost: test\r\n\r\n');
      expect(await stream.readLine()).toMatch(/^HTTP\/1\.1 (200|404)/);
      while ((await stream.readLine()) !== '');
      await stream.writeAll('GET /hello/you HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n');
      let answer = '';
      for await (const chunk of stream) answer += Buffer.from(chunk).toString();
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(answer).toContain('Hello you');
      await stream.close();
      await server.shutdown();
    });
  });
});

describe('the fetch adapter', () => {
  test('gives the URL, the method, the headers and where the client is', async () => {
    const seen: [Request, FetchInfo][] = [];
    const server = await serve(
      {
        fetch: (request: Request, info: FetchInfo) => {
          seen.push([request, info]);
          return new Response(null, { status: 204 });
        },
      },
      { listener: await TcpListener.bind({ port: 0 }) },
    );
    const stream = await TcpStream.connect(String(server.address));
    await stream.writeAll(
      'PUT /a%20b?c=1 HTTP/1.1\r\nHost: example.com:81\r\nX-Two: 1\r\nx-two: 2\r\nContent-Length: 0\r\n\r\n',
    );
    await stream.writeAll(
      'GET http://other.example/absolute HTTP/1.1\r\nHost: example.com\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n',
    );
    for await (const _ of stream);
    expect(seen.map(([{ method, url }]) => `${method} ${url}`)).toEqual([
      'PUT http://example.com:81/a%20b?c=1',
      'GET http://other.example/absolute',
      'OPTIONS http://example.com/',
    ]);
    const [first] = seen;
    expect(first?.[0].headers.get('x-two')).toBe('1, 2');
    expect(first?.[0].body).toBe(null);
    expect(first?.[1].remoteAddress).toBe(String(stream.localAddress));
    expect(first?.[1].request.path).toBe('/a%20b');
    await stream.close();
    await server.shutdown();
  });

  test('streams a request in as the application reads it, and an answer out as the client does', () =>
    inMemory(
      {
        fetch: (request) =>
          new Response(
            (request.body as ReadableStream<Uint8Array>).pipeThrough(
              new TransformStream<Uint8Array, Uint8Array>({
                transform: (chunk, controller) => {
                  controller.enqueue(Buffer.from(chunk).map((byte) => byte ^ 1));
                },
              }),
            ),
          ),
      },
      async (server) => {
        const size = 1_000_000;
        let sent = 0;
        const body = new ReadableStream<Uint8Array>({
          pull(controller) {
            if (sent === size) {
              controller.close();
              return;
            }
            controller.enqueue(new Uint8Array(10_000).fill(2));
            sent += 10_000;
          },
        });
        const answer = await server.fetch('http://test/', post(body));
        // The answer has not been read: only as much was sent as the buffers on the way hold.
        expect(sent).toBeLessThan(size);
        const bytes = new Uint8Array(await answer.arrayBuffer());
        expect([bytes.length, bytes.every((byte) => byte === 3)]).toEqual([size, true]);
      },
    ));

  test('sends every Set-Cookie, and an announced length, and nothing of the hop by itself', () =>
    inMemory(
      {
        fetch: () => {
          const headers = new Headers({ 'content-length': '2', 'transfer-encoding': 'gzip' });
          headers.append('set-cookie', 'a=1');
          headers.append('set-cookie', 'b=2');
          return new Response('ok', { headers, status: 202 });
        },
      },
      async (server) => {
        const answer = await server.fetch('http://test/');
        expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
        expect(answer.headers.get('content-length')).toBe('2');
        expect(answer.headers.get('transfer-encoding')).toBe(null);
        expect(await answer.text()).toBe('ok');
      },
    ));

  test('answers 500 in place of a response whose headers nothing has checked', () =>
    inMemory(
      {
        fetch: () => {
          const headers = [['x-first', 'a\r\nx-injected: yes']];
          return { status: 200, statusText: '', headers, body: null } as unknown as Response;
        },
      },
      async (server, errors) => {
        const answer = await server.fetch('http://test/');
        expect([answer.status, answer.headers.get('x-injected')]).toEqual([500, null]);
        expect(errors).toEqual([expect.objectContaining({ code: 'ERR_HTTP_HEADER_VALUE' })]);
      },
    ));

  test('sends server-sent events one by one', () =>
    inMemory(
      new Hono().get('/', (c) =>
        streamSSE(c, async (stream) => {
          await stream.writeSSE({ data: 'one' });
          await stream.writeSSE({ data: 'two' });
        }),
      ),
      async (server) => {
        const answer = await server.fetch('http://test/');
        expect(answer.headers.get('content-type')).toBe('text/event-stream');
        expect(await answer.text()).toBe('data: one\n\ndata: two\n\n');
      },
    ));

  test('aborts the request when the client leaves, and cancels the answer', async () => {
    let cancelled: unknown;
    let aborted: Promise<unknown> | undefined;
    await inMemory(
      {
        fetch: (request) => {
          aborted = new Promise((resolve) => {
            request.signal.addEventListener('abort', () => {
              resolve(request.signal.reason);
            });
          });
          return new Response(
            new ReadableStream({
              pull: (controller) => {
                controller.enqueue(new Uint8Array(1_000));
              },
              cancel: (reason) => {
                cancelled = reason ?? 'cancelled';
              },
            }),
          );
        },
      },
      async (server) => {
        const answer = await server.fetch('http://test/');
        await answer.body?.cancel();
        expect(((await aborted) as Error).name).toBe('ClientGoneError');
      },
    );
    expect(cancelled).toBeDefined();
  });

  test.each<[string, () => unknown]>([
    ['rejects', () => Promise.reject(new Error('broken'))],
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['returns nothing', () => undefined],
    ['returns Response.error()', () => Response.error()],
  ])('answers 500 and reports it when the application %s', (_name, fetch) =>
    inMemory({ fetch } as FetchApplication, async (server, errors) => {
      expect((await server.fetch('http://test/')).status).toBe(500);
      expect(errors).toHaveLength(1);
    }),
  );

  test('cuts the connection and reports it when the answer fails after its head', () =>
    inMemory(
      {
        fetch: () =>
          new Response(
            new ReadableStream({
              async pull(controller) {
                controller.enqueue(new Uint8Array(20_000));
                // The head waits a turn for more.
                for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
                controller.error(new Error('lost'));
              },
            }),
          ),
      },
      async (server, errors) => {
        // The head may have come, or have been cut off with the rest.
        const text = server.fetch('http://test/').then((answer) => answer.text());
        await expect(text).rejects.toMatchObject({ name: expect.any(String) });
        expect(errors).toHaveLength(1);
      },
    ));

  test('answers 501 to what a Request cannot be', async () => {
    const server = await serve({ fetch: () => new Response('no') }, { port: 0 });
    const stream = await TcpStream.connect(String(server.address));
    await stream.writeAll('TRACE / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n');
    expect(await stream.readLine()).toBe('HTTP/1.1 501 Not Implemented');
    await stream.close();
    await server.shutdown();
  });

  test('waits in its shutdown for what the application goes on with', async () => {
    const done: string[] = [];
    const app = new Hono().get('/', (c) => {
      c.executionCtx.waitUntil(
        new Promise<void>((resolve) => {
          setImmediate(() => {
            done.push('work');
            resolve();
          });
        }),
      );
      return c.text('answered');
    });
    await inMemory(app, async (server) => {
      expect(await (await server.fetch('http://test/')).text()).toBe('answered');
    });
    expect(done).toEqual(['work']);
  });

  test('gets no more requests in memory once the server has stopped, and neither does a stream', async () => {
    const listener = new MemoryListener();
    const server = await serve({ fetch: () => new Response('ok') }, { listener });
    expect(await (await server.fetch('http://test/')).text()).toBe('ok');
    await server.shutdown();
    await expect(server.fetch('http://test/')).rejects.toThrow(ClosedError);
    const [ours, theirs] = memoryPair();
    expect(() => {
      server.serveStream(theirs);
    }).toThrow(ClosedError);
    await ours.close();
    await theirs.close();
  });

  test('is refused when it is neither a function nor an application', async () => {
    await expect(serve({} as FetchApplication)).rejects.toThrow(/a method fetch/);
  });
});
