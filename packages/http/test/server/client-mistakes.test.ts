/**
 * Nothing that a client sends is a failure of the server: every battery gets every odd value of every field, and every odd request,
 * and none of them may become a 5xx, an `onError`, or no response.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MemoryListener, memoryPair } from '@awaitio/core';
import {
  basicAuth,
  compress,
  cors,
  events,
  formData,
  multipart,
  parseCookies,
  rateLimit,
  requestId,
  serverTiming,
  staticFiles,
  CookieSigner,
} from '../../src/batteries/index.ts';
import {
  HttpProblem,
  HttpResponse,
  serve,
  type FetchApplication,
  type Handler,
} from '../../src/index.ts';
import { webSocket } from '../../src/websocket/index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'awaitio-mistakes-'));
  await writeFile(join(folder, 'index.html'), 'x'.repeat(3_000));
  await writeFile(join(folder, 'index.html.br'), 'y');
});
afterAll(() => rm(folder, { recursive: true }));

const signer = new CookieSigner({ keys: ['0123456789abcdef0123456789abcdef'] });
const hello: Handler = () => HttpResponse.text('hello '.repeat(500));

const handlers: Readonly<Record<string, () => Handler | FetchApplication>> = {
  text: () => async (request) => HttpResponse.text(await request.text()),
  json: () => async (request) => HttpResponse.json(await request.json()),
  form: () => async (request) => HttpResponse.json([...(await request.form())].length),
  'a form with files': () => async (request) =>
    HttpResponse.json([...(await formData(request))].length),
  multipart: () => async (request) => {
    let parts = 0;
    for await (const part of multipart(request)) parts += (await part.text()).length;
    return HttpResponse.json(parts);
  },
  query: () => (request) => HttpResponse.json(Object.fromEntries(request.query())),
  cookies: () => async (request) => {
    const sent = parseCookies(request.headers.get('cookie')).get('a');
    return HttpResponse.text((await signer.verify('a', sent)) ?? 'none');
  },
  files: () => staticFiles(folder, { precompressed: true }),
  compress: () => compress(hello),
  events: () => (request, context) => events(() => [{ data: 'x' }], { request, context }),
  wrappers: () =>
    requestId(
      cors(
        serverTiming(rateLimit(basicAuth(hello, { users: { a: 'b' } }), { rate: 1e9, burst: 1e9 })),
        { origins: ['https://a.example'], credentials: true },
      ),
    ),
  'an error page': () => () => {
    throw new HttpProblem(404, { detail: 'none' });
  },
  upgrade: () => async (_request, context) => {
    const { stream } = await context.upgrade({ headers: { Upgrade: 'chat' } });
    await stream.close();
  },
  'an upgrade without a name': () => async (_request, context) => {
    const { stream } = await context.upgrade();
    await stream.close();
  },
  webSocket: () => async (request, context) => {
    const socket = await webSocket(request, context);
    await socket.close();
    return undefined;
  },
  fetch: () => ({
    fetch: async (request) => {
      const { pathname, searchParams } = new URL(request.url);
      const copy = new Request(request.clone(), { headers: request.headers });
      return Response.json([pathname, [...searchParams], [...copy.headers], await request.text()]);
    },
  }),
  'fetch that echoes': () => ({
    fetch: (request) =>
      new Response(request.body, { headers: { 'x-url': encodeURI(request.url) } }),
  }),
};

const FIELDS = [
  'Accept',
  'Accept-Encoding',
  'Access-Control-Request-Headers',
  'Access-Control-Request-Method',
  'Authorization',
  'Connection',
  'Content-Encoding',
  'Content-Type',
  'Cookie',
  'Expect',
  'Host',
  'If-Match',
  'If-Modified-Since',
  'If-None-Match',
  'If-Range',
  'Last-Event-ID',
  'Origin',
  'Range',
  'Sec-WebSocket-Key',
  'TE',
  'Trailer',
  'Upgrade',
  'X-Request-Id',
];

const VALUES = [
  '',
  ',',
  '*',
  '%',
  '%00%ff',
  '\xff\x80',
  '"',
  '"a',
  'a=b; c',
  'a;q=2, b;q=x, *;q=0',
  'a@b',
  'chat, websocket',
  'close, upgrade, keep-alive',
  'bytes=0-, -1, 9999999999999999999999-',
  'Sun, 99 Foo 99999 99:99:99 GMT',
  'application/json; charset="',
  'multipart/form-data; boundary=',
  `multipart/form-data; boundary="${'b'.repeat(300)}"`,
  'application/x-www-form-urlencoded; charset=utf-7',
  'Basic ////',
  '100-continue',
  '__proto__',
  'x,'.repeat(2_000),
];

const REQUESTS = [
  'GET /%',
  'GET /%00',
  'GET /%ff?%ff=%',
  'GET //a//b',
  'GET /?__proto__=1&constructor=2',
  'GET http://a:99999/x',
  'GET http://[::::]/x',
  'GET ftp://a/x',
  'OPTIONS *',
  'TRACE /',
  'HEAD /',
  'PROPFIND /',
  'CONNECT a:80',
  'GET /a|b"<>^`{}',
  `GET /${'a/'.repeat(2_000)}`,
  'POST / {',
  'POST / {"a":',
  'POST / \xff\xfe',
  'POST / a=%zz&b',
  'POST / --b\r\n\r\n',
];

/** A request from its line, with a field and a body. */
function textOf(line: string, field: string, value: string): string {
  const [method = '', target = '', ...body] = line.split(' ');
  const content = body.join(' ');
  const own = field === 'Host' ? '' : method === 'CONNECT' ? 'Host: a:80\r\n' : 'Host: a\r\n';
  const length = content === '' ? '' : `Content-Length: ${content.length}\r\n`;
  const added = field === '' ? '' : `${field}: ${value}\r\n`;
  return `${method} ${target} HTTP/1.1\r\n${own}${added}${length}\r\n${content}`;
}

test.each(Object.keys(handlers))(
  'no request makes a failure of the server: %s',
  async (name) => {
    const errors: unknown[] = [];
    const failures: string[] = [];
    const server = await serve((handlers[name] as () => Handler)(), {
      listener: new MemoryListener(),
      onError: (error) => errors.push(error),
    });
    const ask = async (text: string): Promise<void> => {
      const [near, far] = memoryPair();
      server.serveStream(far);
      await near.writeAll(Buffer.from(text, 'latin1'));
      await near.shutdown('write');
      let answer = '';
      for await (const chunk of near) answer += Buffer.from(chunk).toString('latin1');
      await near.close();
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 'none';
      // 501 is what the protocol has for methods, transfer codings and the like.
      if (/^(?:5|none)/.test(status) && status !== '501') {
        failures.push(`${status} to ${JSON.stringify(text.slice(0, 200))}`);
      }
    };
    const lines = ['GET /', 'POST / a=b', ...REQUESTS];
    for (const line of lines) await ask(textOf(line, '', ''));
    for (const field of FIELDS) {
      for (const value of VALUES) {
        for (const line of ['GET /', 'POST / a=b']) await ask(textOf(line, field, value));
      }
    }
    // Bodies whose framing is wrong, and that end too early.
    for (const body of [
      '5\r\nab',
      'x\r\n',
      '2\r\nab\r\n0\r\nA: \x01\r\n\r\n',
      'ffffffffffffffffff\r\n',
    ]) {
      await ask(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`);
    }
    await ask('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab');
    await server.shutdown({ grace: 0 });
    expect(failures).toEqual([]);
    expect(errors).toEqual([]);
  },
  60_000,
);
