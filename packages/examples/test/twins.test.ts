/**
 * The async programs and the polling ones are the same programs: what they put on the wire is compared byte by byte.
 *
 * Only the moment differs, so the value of `Date` is masked.
 */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { TcpListener, type TcpStream } from '@awaitio/core';
import { readToEnd, start, startServer, type Serving } from './support/program.ts';

const withoutDate = (bytes: string): string =>
  bytes.replaceAll(/(\r\nDate: )[^\r]*/g, '$1(masked)');

/** What is too long to be shown is compared by its beginning and its digest. */
const shown = (bytes: string): string =>
  bytes.length < 5_000
    ? bytes
    : `${bytes.slice(0, 1_000)}… ${bytes.length} bytes, ${createHash('sha256').update(bytes).digest('hex')}`;

const post = (body: string, ...fields: string[]): string =>
  ['POST / HTTP/1.1', 'Host: a', ...fields, `Content-Length: ${body.length}`, '', body].join(
    '\r\n',
  );
const chunked = (...lines: string[]): string =>
  ['POST /c HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked', '', ...lines, ''].join('\r\n');
const get = (target: string, ...fields: string[]): string =>
  [`GET ${target} HTTP/1.1`, 'Host: a', ...fields, '', ''].join('\r\n');

const everyByte = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));

const REQUESTS: readonly { readonly name: string; readonly bytes: string }[] = [
  { name: 'a body of known length', bytes: post('name=WasmEdge') },
  { name: 'no body', bytes: get('/') },
  { name: 'a body of every byte there is', bytes: post(everyByte) },
  { name: 'an empty body', bytes: post('') },
  { name: 'a body longer than a read', bytes: post('0123456789abcdef'.repeat(20_000)) },
  { name: 'the content type of the request', bytes: post('{}', 'content-TYPE: application/json') },
  { name: 'a chunked body', bytes: chunked('5', 'hello', '6;a=b', ' world', '0', '') },
  { name: 'a chunked body with trailers', bytes: chunked('3', 'abc', '0', 'X-A: b', '') },
  { name: 'HEAD', bytes: 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n' },
  { name: 'HTTP/1.0', bytes: 'POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi' },
  {
    name: 'HTTP/1.0 that asks to be kept alive',
    bytes: 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n',
  },
  { name: 'Connection: close', bytes: `${get('/', 'Connection: close')}${get('/ignored')}` },
  {
    name: 'requests in one packet',
    bytes: `${post('a')}${get('/b')}${post('c')}${chunked('1', 'd', '0', '')}`,
  },
  { name: 'more requests than are read ahead', bytes: get('/').repeat(500) },
  { name: 'a body that came without being asked for', bytes: post('body', 'Expect: 100-continue') },
  { name: 'a request to switch protocols', bytes: get('/', 'Connection: upgrade', 'Upgrade: x') },
  { name: 'a good request before a malformed one', bytes: `${post('a')}NONSENSE\r\n\r\n` },
  {
    name: 'two lengths',
    bytes: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  },
  {
    name: 'a length beside chunked',
    bytes:
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  },
  {
    name: 'a length that is no number',
    bytes: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ten\r\n\r\n',
  },
  { name: 'no Host', bytes: 'GET / HTTP/1.1\r\n\r\n' },
  { name: 'bare line feeds', bytes: 'GET / HTTP/1.0\n\n' },
  { name: 'an unknown version', bytes: 'GET / HTTP/3.0\r\nHost: a\r\n\r\n' },
  {
    name: 'an unknown transfer coding',
    bytes: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n',
  },
  { name: 'an unknown expectation', bytes: get('/', 'Expect: magic') },
  { name: 'a target that is too long', bytes: get(`/${'a'.repeat(100_000)}`) },
  { name: 'headers that are too long', bytes: get('/', `X-A: ${'a'.repeat(100_000)}`) },
  { name: 'half a head', bytes: 'GET / HTTP/1.1\r\nHos' },
  { name: 'nothing', bytes: '' },
];

describe('the two servers answer with the same bytes', () => {
  let servers: readonly Serving[] = [];
  beforeAll(async () => {
    servers = await Promise.all([startServer('server'), startServer('poll-server')]);
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  /** Sends what `pieces` gives and then FIN, and gives everything that came back. */
  async function answerOf(server: Serving, pieces: Iterable<string>): Promise<string> {
    const stream = await server.connect();
    const answer = readToEnd(stream);
    for (const piece of pieces) {
      // A server that has refused the request may hang up while the rest is on its way.
      const isTaken = await stream.writeAll(piece).then(
        () => true,
        () => false,
      );
      if (!isTaken) break;
    }
    await stream.shutdown('write').catch(() => {});
    const text = withoutDate(await answer);
    await stream.close();
    return shown(text);
  }

  test.each(REQUESTS)('$name, sent whole', async ({ bytes }) => {
    const [first, second] = await Promise.all(servers.map((server) => answerOf(server, [bytes])));
    expect(second).toBe(first);
    expect(first).toMatch(bytes === '' ? /^$/ : /^HTTP\/1\.1 \d{3} /);
  });

  // How a body is cut into chunks is the network's business, and may differ from one run to the next.
  const cuttable = REQUESTS.filter(
    ({ name, bytes }) => bytes.length < 2_000 && !name.startsWith('a chunked body'),
  );
  test.each(cuttable)('$name, sent byte by byte', async ({ bytes }) => {
    const [first, second] = await Promise.all(servers.map((server) => answerOf(server, bytes)));
    expect(second).toBe(first);
  });
});

test('the two servers ask for a body with the same bytes', async () => {
  const answerOf = async (name: string): Promise<string> => {
    const server = await startServer(name);
    const stream = await server.connect();
    const [head = '', body = ''] = post('body', 'Expect: 100-continue', 'Connection: close').split(
      /(?<=\r\n\r\n)/,
    );
    await stream.writeAll(head);
    const leave = await stream.readUntil('\r\n\r\n');
    expect(Buffer.from(leave as Uint8Array).toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    await stream.writeAll(body);
    const answer = withoutDate(await readToEnd(stream));
    await stream.close();
    await server.stop();
    return answer;
  };
  const answers = await Promise.all(['server', 'poll-server'].map(answerOf));
  expect(answers[1]).toBe(answers[0]);
  expect(answers[0]).toMatch(/\r\n\r\necho: body$/);
});

describe('the two clients ask with the same bytes', () => {
  /** Everything that a client sends on its two connections, while it is answered `response`. */
  async function requestsOf(name: string, response: string, ...args: string[]): Promise<string[]> {
    await using listener = await TcpListener.bind('127.0.0.1:0');
    const { port } = listener.localAddress as { port: number };
    const program = start(name, '--port', String(port), ...args);
    const requests = [await listener.accept(), await listener.accept()].map(async (stream) => {
      const request = await serveOnce(stream, response);
      await stream.close();
      return request.replaceAll(String(port), 'PORT');
    });
    const all = await Promise.all(requests);
    await program.ended;
    return all;
  }

  /** Answers when the request's head, and its body of known length, have come; then waits for the end. */
  async function serveOnce(stream: TcpStream, response: string): Promise<string> {
    let text = '';
    const isWhole = (): boolean => {
      const [head, body] = text.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(head ?? '')?.[1] ?? 0);
      return body !== undefined && body.length >= length;
    };
    while (!isWhole()) {
      const chunk = await stream.readChunk();
      if (chunk === null) throw new Error(`the client left after ${text}`);
      text += Buffer.from(chunk).toString('latin1');
    }
    await stream.writeAll(response);
    return text + (await readToEnd(stream));
  }

  const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  const CASES: readonly {
    readonly what: string;
    readonly args: string[];
    readonly response: string;
  }[] = [
    { what: 'a GET', args: [], response: OK },
    { what: 'a POST', args: ['--data', 'name=WasmEdge'], response: OK },
    { what: 'a POST of nothing', args: ['--data', ''], response: OK },
    {
      what: 'a request that is redirected',
      args: [],
      response: 'HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n',
    },
    {
      what: 'a request that is refused',
      args: [],
      response: 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    },
  ];

  test.concurrent.each(CASES)('$what', async ({ args, response }) => {
    const [first, second] = await Promise.all([
      requestsOf('client', response, ...args),
      requestsOf('poll-client', response, ...args),
    ]);
    expect(second).toEqual(first);
    expect(first[0]).toMatch(/^(?:GET|POST) \/ HTTP\/1\.1\r\nHost: 127\.0\.0\.1:PORT\r\n/);
  });
});

describe('the two clients print the same', () => {
  const ANSWERS: readonly { readonly what: string; readonly answer: string }[] = [
    {
      what: 'a body of known length',
      answer: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\nok',
    },
    {
      what: 'a chunked body',
      answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n',
    },
    { what: 'a body that ends with the connection', answer: 'HTTP/1.0 200 OK\r\n\r\nok' },
    {
      what: 'an answer after an informational one',
      answer: 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
    },
    {
      what: 'more than 64 header fields',
      answer: `HTTP/1.1 200 OK\r\n${Array.from({ length: 100 }, (_, at) => `X-${at}: ${at}\r\n`).join('')}Content-Length: 0\r\n\r\n`,
    },
    {
      what: 'bytes that are no UTF-8',
      answer: 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\u00ff\u00fe\u0080',
    },
    { what: 'no HTTP', answer: 'SSH-2.0-OpenSSH_9.6\r\n' },
    { what: 'a body that breaks off', answer: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort' },
    { what: 'nothing', answer: '' },
  ];

  async function linesOf(
    name: string,
    answer: string,
  ): Promise<{ status: number | null; stdout: string }> {
    await using listener = await TcpListener.bind('127.0.0.1:0');
    const program = start(name, '--port', String((listener.localAddress as { port: number }).port));
    for (let count = 0; count < 2; count += 1) {
      const stream = await listener.accept();
      await stream.readUntil('\r\n\r\n');
      await stream.writeAll(answer);
      await stream.close();
    }
    const { status, stdout } = await program.ended;
    return { status, stdout };
  }

  test.concurrent.each(ANSWERS)('$what', async ({ answer }) => {
    const [first, second] = await Promise.all([
      linesOf('client', answer),
      linesOf('poll-client', answer),
    ]);
    // Whichever exchange ends first is printed first; the blocks are compared, not their order.
    const blocks = (stdout: string): string[] => stdout.split(/^(?=First|Second)/m).toSorted();
    expect(blocks(second.stdout)).toEqual(blocks(first.stdout));
    expect(second.status).toBe(first.status);
  });
});
