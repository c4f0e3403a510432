/** `fetch` over a client: what the web's tests ask of one, as far as a server's program has it. */
import { describe, expect, test } from '@jest/globals';
import { InvalidInputError, MemoryListener, memoryPair } from '@awaitio/core';
import { createFetch, HttpClient, HttpResponse, serve, type Handler } from '../../src/index.ts';
import { Wire } from '../support/wire.ts';

type Fetch = ReturnType<typeof createFetch>;

async function withFetch(handler: Handler, run: (fetch: Fetch) => Promise<void>): Promise<void> {
  const listener = new MemoryListener();
  const server = await serve(handler, { listener, onError: () => {} });
  const client = new HttpClient({ connect: () => listener.connect() });
  try {
    await run(createFetch(client));
  } finally {
    await client.close();
    await server.shutdown({ grace: 0, idleWindow: 0 });
  }
}

const seen: Handler = async (request) =>
  HttpResponse.json([
    request.method,
    request.target,
    request.headers.get('content-type') ?? null,
    request.headers.get('content-length') ?? request.headers.get('transfer-encoding') ?? null,
    await request.text(),
  ]);
const redirecting =
  (status: number): Handler =>
  async (request, context) =>
    request.path === '/from'
      ? HttpResponse.empty({ status, headers: { Location: '/to?x#y' } })
      : seen(request, context);

describe('fetch', () => {
  test.each<[string, RequestInit, unknown[]]>([
    ['nothing', {}, ['GET', '/p', null, null, '']],
    ['text', { method: 'POST', body: 'é' }, ['POST', '/p', 'text/plain;charset=UTF-8', '2', 'é']],
    [
      'a form',
      { method: 'POST', body: new URLSearchParams('a=b') },
      ['POST', '/p', 'application/x-www-form-urlencoded;charset=UTF-8', '3', 'a=b'],
    ],
    ['bytes', { method: 'PUT', body: new Uint8Array([65]) }, ['PUT', '/p', null, '1', 'A']],
    [
      'a Blob',
      { method: 'PUT', body: new Blob(['x'], { type: 'a/b' }) },
      ['PUT', '/p', 'a/b', '1', 'x'],
    ],
    [
      'a stream',
      { method: 'PUT', body: new Blob(['x']).stream(), duplex: 'half' } as RequestInit,
      ['PUT', '/p', null, 'chunked', 'x'],
    ],
    ['patch, which keeps its case', { method: 'PATCH' }, ['PATCH', '/p', null, '0', '']],
  ])('sends %s', (_what, init, expected) =>
    withFetch(seen, async (fetch) => {
      const response = await fetch('http://memory/p#hash', init);
      const got = (await response.json()) as unknown[];
      if (expected[3] === '0') got[3] = '0';
      expect(got).toEqual(expected);
      expect([response.ok, response.status, response.redirected, response.url]).toEqual([
        true,
        200,
        false,
        'http://memory/p',
      ]);
    }),
  );

  test('takes a Request, with its headers', () =>
    withFetch(
      (request) => HttpResponse.text(String(request.headers.get('x'))),
      async (fetch) => {
        const request = new Request('http://memory/', { headers: { x: 'y' } });
        expect(await (await fetch(request)).text()).toBe('y');
      },
    ));

  test.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [307, 'POST', 'POST', 'body'],
    [308, 'PUT', 'PUT', 'body'],
  ])('follows %i of %s with %s', (status, method, then, body) =>
    withFetch(redirecting(status), async (fetch) => {
      const response = await fetch('http://memory/from', { method, body: 'body' });
      const got = (await response.json()) as unknown[];
      expect([got[0], got[1], got[4]]).toEqual([then, '/to?x', body]);
      expect([response.redirected, response.url]).toEqual([true, 'http://memory/to?x']);
    }),
  );

  test.each<[string, () => NonNullable<RequestInit['body']>, string | null, string]>([
    ['text', () => 'body', 'text/plain;charset=UTF-8', '4'],
    ['an empty text', () => '', 'text/plain;charset=UTF-8', '0'],
    ['bytes', () => new Uint8Array([65]), null, '1'],
    ['long text', () => 'x'.repeat(900_000), 'text/plain;charset=UTF-8', '900000'],
  ])(
    'sends a Request whose body is %s with its length, and again for a redirect',
    (_what, body, type, length) =>
      withFetch(redirecting(307), async (fetch) => {
        const request = new Request('http://memory/from', { method: 'POST', body: body() });
        const got = (await (await fetch(request)).json()) as unknown[];
        const text = await new Response(body()).text();
        expect(got).toEqual(['POST', '/to?x', type, length, text]);
      }),
  );

  test('sends a Request whose body is a stream as it comes', async () => {
    let next: ((text: string) => void) | undefined;
    const arrived: string[] = [];
    let isCancelled = false;
    const stream = new ReadableStream({
      start: (controller) => {
        controller.enqueue(Buffer.from('first '));
        next = (text) => controller.enqueue(Buffer.from(text));
      },
      cancel: () => {
        isCancelled = true;
      },
    });
    await withFetch(
      async (request) => {
        for await (const piece of request.body) {
          arrived.push(Buffer.from(piece).toString());
          if (arrived.length === 1) next?.('second');
          else break;
        }
        return HttpResponse.text('enough');
      },
      async (fetch) => {
        const init = { method: 'POST', body: stream, duplex: 'half' } as RequestInit;
        const response = await fetch(new Request('http://memory/', init));
        expect(await response.text()).toBe('enough');
        expect(arrived).toEqual(['first ', 'second']);
        await new Promise(setImmediate);
        expect(isCancelled).toBe(true);
      },
    );
  });

  test('cancels the stream of a Request that cannot be sent', async () => {
    let isCancelled = false;
    const cancel = (): void => {
      isCancelled = true;
    };
    const body = new ReadableStream({ pull: () => new Promise<void>(() => {}), cancel });
    const client = new HttpClient({ connect: () => Promise.reject(new Error('no way')) });
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    await expect(createFetch(client)(new Request('http://a/', init))).rejects.toThrow(TypeError);
    await new Promise(setImmediate);
    expect(isCancelled).toBe(true);
    await client.close();
  });

  test.each([200, 404, 599, 600, 999])('gives the status %i', (status) =>
    withFetch(
      () => HttpResponse.text('body', { status }),
      async (fetch) => {
        const response = await fetch('http://memory/');
        expect([response.status, response.ok]).toEqual([status, status === 200]);
        expect(await response.text()).toBe('body');
      },
    ),
  );

  test('gives a redirect as it is where that is asked for, or fails', () =>
    withFetch(redirecting(302), async (fetch) => {
      const manual = await fetch('http://memory/from', { redirect: 'manual' });
      expect([manual.status, manual.headers.get('location')]).toEqual([302, '/to?x#y']);
      await expect(fetch('http://memory/from', { redirect: 'error' })).rejects.toThrow(TypeError);
    }));

  test('fails where a stream would have to be sent again', () =>
    withFetch(redirecting(307), async (fetch) => {
      const init = { method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' };
      const error = await fetch('http://memory/from', init as RequestInit).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(TypeError);
      expect((error as TypeError).cause).toMatchObject({ code: 'ERR_HTTP_REDIRECT' });
      expect(((error as TypeError).cause as Error).message).toMatch(/stream/);
    }));

  test('keeps several Set-Cookie apart', () =>
    withFetch(
      () => HttpResponse.text('', { headers: { 'Set-Cookie': ['a=1', 'b=2'] } }),
      async (fetch) => {
        const { headers } = await fetch('http://memory/');
        expect(headers.getSetCookie()).toEqual(['a=1', 'b=2']);
      },
    ));

  test('rejects with the reason of its signal, before and during', () =>
    withFetch(
      () => new Promise(() => {}),
      async (fetch) => {
        const reason = new RangeError('enough');
        const aborted = fetch('http://memory/', { signal: AbortSignal.abort(reason) });
        await expect(aborted).rejects.toBe(reason);
        const controller = new AbortController();
        const running = fetch('http://memory/', { signal: controller.signal });
        setImmediate(() => controller.abort(reason));
        await expect(running).rejects.toBe(reason);
      },
    ));

  test('rejects with a TypeError when no response came, and its cause says why', async () => {
    const client = new HttpClient();
    const error = await createFetch(client)('http://127.0.0.1:1/').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).cause).toMatchObject({ code: 'ECONNREFUSED' });
    await expect(createFetch(client)('/relative')).rejects.toThrow(TypeError);
    await client.close();
  });

  /** What reading a body fails with, of which the server sends two bytes of five, before `end` is called. */
  async function failureOfBody(
    signal: AbortSignal,
    end: (wire: Wire) => unknown,
  ): Promise<unknown> {
    const [here, there] = memoryPair();
    const client = new HttpClient({ connect: async () => here });
    const wire = new Wire(there);
    const asking = createFetch(client)('http://memory/', { signal });
    await wire.head();
    await wire.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab');
    const reading = (await asking).text();
    await end(wire);
    const failure = await reading.catch((error: unknown) => error);
    await client.close();
    wire.stream.reset();
    return failure;
  }

  test('gives a body that is cut short with a TypeError, whose cause says why', async () => {
    const { signal } = new AbortController();
    const failure = await failureOfBody(signal, (wire) => wire.finish());
    expect(failure).toBeInstanceOf(TypeError);
    expect((failure as TypeError).cause).toMatchObject({ code: 'ERR_HTTP_TRUNCATED' });
  });

  test('gives a body that is aborted with the reason of its signal', async () => {
    const reason = new RangeError('enough');
    const controller = new AbortController();
    const failure = await failureOfBody(controller.signal, () => controller.abort(reason));
    expect(failure).toBe(reason);
  });

  test.each(['compress', 'gzip, aws-chunked', 'aws-chunked, gzip'])(
    'leaves a body with a coding that it does not know as it was sent: %s',
    (coding) =>
      withFetch(
        () => HttpResponse.text('as sent', { headers: { 'Content-Encoding': coding } }),
        async (fetch) => {
          const response = await fetch('http://memory/');
          expect(response.headers.get('content-encoding')).toBe(coding);
          expect(await response.text()).toBe('as sent');
        },
      ),
  );

  test('fails to read a body with more codings than anyone sends', () =>
    withFetch(
      () => HttpResponse.text('?', { headers: { 'Content-Encoding': 'gzip,gzip,gzip,gzip,gzip' } }),
      async (fetch) => {
        const failure = await (
          await fetch('http://memory/')
        )
          .text()
          .catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(TypeError);
        expect((failure as TypeError).cause).toMatchObject({ code: 'ERR_HTTP_CONTENT_CODING' });
      },
    ));

  test('is made of a client alone', () => {
    for (const client of [undefined, null, {}, 5]) {
      expect(() => createFetch(client as never)).toThrow(InvalidInputError);
    }
  });
});
