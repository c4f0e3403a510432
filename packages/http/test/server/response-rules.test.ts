/** What a server says beside the body: lengths of bodies that are not sent, informational heads, 101, refusals of HEAD. */

import { describe, expect, test } from '@jest/globals';
import {
  accessLog,
  HttpResponse,
  LocalProtocolError,
  serve,
  type Handler,
} from '../../src/index.ts';
import { MemoryListener } from '@awaitio/core';
import { simulated, type World } from '../support/simulated.ts';
import { fetchHandler } from '../../src/adapters/fetch-handler.ts';

const HEAD = 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n';
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** The response to one request, whose connection then serves another. */
async function ask(world: World, handler: Handler, request: string) {
  await world.serve(handler);
  const wire = await world.connect();
  await wire.send(request);
  const response = await wire.response(request.slice(0, request.indexOf(' ')));
  await wire.send(GET.replace('/', '/after'));
  expect(await wire.head()).toMatch(/^HTTP\/1\.1 /);
  return response;
}

const fetching = (response: () => Response): Handler => fetchHandler({ fetch: response });

describe('the length of a body that is not sent', () => {
  test.each<[string, Handler, string | undefined]>([
    [
      'that the handler gives',
      () => new HttpResponse(null, { headers: { 'Content-Length': '55' } }),
      '55',
    ],
    ['of the body that the handler gives', () => HttpResponse.text('hello'), '5'],
    ['that is unknown where the handler gives no body', () => new HttpResponse(null), undefined],
    [
      'that a fetch application gives',
      fetching(() => new Response(null, { headers: { 'Content-Length': '55' } })),
      '55',
    ],
    ['that a fetch application does not give', fetching(() => new Response(null)), undefined],
  ])('to HEAD is the one %s', (_name, handler, length) =>
    simulated(async (world) => {
      const response = await ask(world, handler, HEAD);
      expect([response.status, response.get('content-length')]).toEqual([200, length]);
    }),
  );

  test.each<[string, Handler, string | undefined]>([
    [
      'that the handler gives',
      () => new HttpResponse(null, { status: 304, headers: { 'Content-Length': '55' } }),
      '55',
    ],
    [
      'that a fetch application gives',
      fetching(() => new Response(null, { status: 304, headers: { 'Content-Length': '55' } })),
      '55',
    ],
    [
      'of a 200, which the body of a 304 is not',
      () => HttpResponse.text('dropped', { status: 304 }),
      undefined,
    ],
    ['that is unknown', () => HttpResponse.empty({ status: 304 }), undefined],
  ])('in a 304 is the one %s', (_name, handler, length) =>
    simulated(async (world) => {
      const response = await ask(world, handler, GET);
      expect([response.status, response.get('content-length')]).toEqual([304, length]);
      expect(response.get('transfer-encoding')).toBeUndefined();
    }),
  );

  test('is never announced with a 204', () =>
    simulated(async (world) => {
      const response = await ask(world, () => HttpResponse.empty(), GET);
      expect([response.status, response.get('content-length')]).toEqual([204, undefined]);
    }));

  test('of another response to GET is dropped with the body that a fetch application left out', () =>
    simulated(async (world) => {
      const handler = fetching(() => new Response(null, { headers: { 'Content-Length': '55' } }));
      expect((await ask(world, handler, GET)).get('content-length')).toBe('0');
    }));
});

describe('an informational response', () => {
  test.each([
    'Content-Length',
    'transfer-encoding',
    'Connection',
    'Keep-Alive',
    'Trailer',
    'Upgrade',
  ])('has no %s', (name) =>
    simulated(async (world) => {
      const handler: Handler = (_request, context) => {
        context.informational(103, { Link: '</a>', [name]: '5' });
        return HttpResponse.text('not reached');
      };
      expect((await ask(world, handler, GET)).status).toBe(500);
      expect(world.errors[0]).toBeInstanceOf(LocalProtocolError);
      expect(world.errors[0]).toMatchObject({
        code: 'ERR_HTTP_INFORMATIONAL_FIELD',
        message: `informational: ${name} belongs to the final response; leave it out`,
      });
    }),
  );
});

describe('a HEAD request that is refused', () => {
  const long = 'x'.repeat(70_000);
  test.each([
    [400, 'HEAD / HTTP/1.1\r\n\r\n'],
    [400, 'HEAD / HTTP/1.1\r\nHost : a\r\n\r\n'],
    [414, `HEAD /${long} HTTP/1.1\r\nHost: a\r\n\r\n`],
    [417, 'HEAD / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n'],
    [431, `HEAD / HTTP/1.1\r\nHost: a\r\nX: ${long}\r\n\r\n`],
    [505, 'HEAD / HTTP/2.1\r\nHost: a\r\n\r\n'],
  ])('with %i has the head of the refusal, and no body', (status, request) =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text('never'));
      for (const pieces of [[request], request.slice(0, 40).split('').concat(request.slice(40))]) {
        const wire = await world.connect();
        for (const piece of pieces) if (piece !== '') await wire.send(piece);
        const answer = await wire.rest();
        expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*\\r\\n\\r\\n$`));
        expect(answer).toMatch(/\r\nContent-Length: [1-9]\d*\r\n/);
        expect(answer.indexOf('\r\n\r\n')).toBe(answer.length - 4);
      }
    }),
  );

  test('for its time has no body either', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text('never'));
      const wire = await world.connect();
      await wire.send('HEAD / HTTP/1.1\r\nHost');
      expect(await wire.rest()).toMatch(/^HTTP\/1\.1 408 (?:(?!\r\n\r\n)[^])*\r\n\r\n$/);
    }));

  test('is no reason to leave the body of another refusal out', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text('never'));
      const wire = await world.connect();
      await wire.send(`${HEAD}HEADER / HTTP/1.1\r\n\r\n`);
      expect((await wire.response('HEAD')).status).toBe(200);
      expect(await wire.rest()).toMatch(
        /^HTTP\/1\.1 400 [^]*\r\n\r\nThe request is malformed\.\n$/,
      );
    }));
});

describe('a switch of protocols', () => {
  const UPGRADE = (protocols: string): string =>
    GET.replace('\r\n\r\n', `\r\nConnection: upgrade\r\nUpgrade: ${protocols}\r\n\r\n`);
  const switching =
    (headers?: Record<string, string>): Handler =>
    async (_request, context) => {
      const { stream } = await context.upgrade({ headers });
      await stream.close();
    };

  test.each([
    ['chat', undefined, 'chat'],
    ['chat/2', { 'Sec-Extra': '1' }, 'chat/2'],
    ['one, two', { Upgrade: 'two' }, 'two'],
    ['one, two', { upgrade: 'two', connection: 'upgrade' }, 'two'],
  ])(
    'to %s with the fields %j names the protocol and the connection option',
    (protocols, headers, chosen) =>
      simulated(async (world) => {
        await world.serve(switching(headers));
        const wire = await world.connect();
        await wire.send(UPGRADE(protocols));
        const head = await wire.head();
        expect(head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
        expect(head.match(/^upgrade: .*$/gim)).toEqual([
          expect.stringMatching(new RegExp(`: ${chosen}$`)),
        ]);
        expect(head.match(/^connection: .*$/gim)).toEqual([expect.stringMatching(/: upgrade$/i)]);
        expect(await wire.rest()).toBe('');
      }),
  );

  test('has to say which of several protocols follows', () =>
    simulated(async (world) => {
      await world.serve(switching());
      const wire = await world.connect();
      await wire.send(UPGRADE('one, two'));
      expect((await wire.response()).status).toBe(500);
      expect(world.errors).toEqual([expect.objectContaining({ code: 'ERR_HTTP_UPGRADE' })]);
    }));
});

describe('what a client sends is no failure of a fetch application', () => {
  test.each(['a:99999', '256.256.256.256', 'a%00', '[::::]', '[1]'])('Host: %s is a 400', (host) =>
    simulated(async (world) => {
      await world.serve(fetching(() => new Response('never')));
      const wire = await world.connect();
      await wire.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect((await wire.response()).status).toBe(400);
      expect(world.errors).toEqual([]);
    }),
  );

  test('nor is a target that is no URL', () =>
    simulated(async (world) => {
      await world.serve(fetching(() => new Response('never')));
      const wire = await world.connect();
      await wire.send('GET http://a:99999/ HTTP/1.1\r\nHost: a\r\n\r\n');
      expect((await wire.response()).status).toBe(400);
      expect(world.errors).toEqual([]);
    }));
});

describe('fields', () => {
  test('Cookie fields are joined with a semicolon, others with a comma', () =>
    simulated(async (world) => {
      await world.serve(({ headers }) =>
        HttpResponse.json([headers.get('cookie'), headers.get('COOKIE'), headers.get('accept')]),
      );
      const wire = await world.connect();
      await wire.send(
        GET.replace('\r\n\r\n', '\r\nCookie: a=1\r\nAccept: x\r\ncookie: b=2\r\nAccept: y\r\n\r\n'),
      );
      const { body } = await wire.response();
      expect(JSON.parse(body)).toEqual(['a=1; b=2', 'a=1; b=2', 'x, y']);
    }));

  test.each(['', ' ', ',', ', ,'])('Expect: %j expects nothing', (value) =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text('fine'));
      const wire = await world.connect();
      await wire.send(GET.replace('\r\n\r\n', `\r\nExpect: ${value}\r\n\r\n`));
      expect((await wire.response()).body).toBe('fine');
    }),
  );

  test('a trailer that may not be one is refused where the response is made', () => {
    expect(() => HttpResponse.stream(['a'], { trailers: { 'Content-Length': '1' } })).toThrow(
      expect.objectContaining({ code: 'ERR_HTTP_TRAILER' }),
    );
  });

  test.each<[string, () => HttpResponse]>([
    ['text', () => HttpResponse.text('hello', { trailers: { 'X-Sum': '1' } })],
    ['bytes', () => HttpResponse.bytes(Buffer.from('hello'), { trailers: { 'X-Sum': '1' } })],
    ['stream', () => HttpResponse.stream(['hello'], { trailers: { 'X-Sum': '1' } })],
  ])('trailers follow a body of %s', (_kind, make) =>
    simulated(async (world) => {
      const { body, trailers } = await ask(world, make, GET);
      expect([body, trailers]).toEqual(['hello', 'X-Sum: 1\r\n']);
    }),
  );
});

test('a server that is given an aborted signal is not started', async () => {
  const reason = new Error('too late');
  const listener = new MemoryListener();
  await expect(
    serve(() => HttpResponse.text('never'), { listener, signal: AbortSignal.abort(reason) }),
  ).rejects.toBe(reason);
  await listener.close();
  const stopping = new AbortController();
  const starting = serve(() => HttpResponse.text('never'), { port: 0, signal: stopping.signal });
  stopping.abort(reason);
  await expect(starting).rejects.toBe(reason);
});

test('a line of the access log is one line, whatever a proxy names as the address of its client', () => {
  const lines: string[] = [];
  const log = accessLog({ write: (line) => lines.push(line) });
  log({
    type: 'requestFinished',
    time: 0,
    connection: 1,
    remoteAddress: '/tmp/a\n127.0.0.1 - - "\\é',
    method: 'GET',
    target: '/"',
    httpVersion: '1.1',
    status: 200,
    bytesIn: 0,
    bytesOut: 2,
    duration: 1,
    isComplete: true,
  } as never);
  expect(lines).toEqual([
    String.raw`/tmp/a\x0a127.0.0.1\x20-\x20-\x20\x22\x5c\xe9 - - [01/Jan/1970:00:00:00 +0000] "GET /\" HTTP/1.1" 200 2`,
  ]);
});
