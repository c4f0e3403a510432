/** The requests of the bench, as the bytes that are sent, with the body that must come back. */

import { readFileSync } from 'node:fs';
import { CATALOGUE } from '../servers/catalogue.ts';
import type { Exchange } from './load.ts';

/** What `curl -d name=WasmEdge` sends. */
export const ECHO: Exchange = post('name=WasmEdge', 'application/x-www-form-urlencoded');

/**
 * How many heads take turns. A generator may hand them out over all its connections: then one comes twice in a row on a
 * connection that was overtaken by all the others eight times, and by exactly so many requests.
 */
const VARIANTS = 512;

/** The same with an id in each head, at its end: what compares it with the one before finds the difference late. */
export const VARIED: Exchange = {
  ...ECHO,
  request: withId(ECHO.request, 0),
  variants: Array.from({ length: VARIANTS }, (_, id) => withId(ECHO.request, id)),
};

/** Thirteen bytes, asked for with the headers that curl sends. */
export const HELLO: Exchange = {
  protocol: 'http',
  request: Buffer.from(
    'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n',
  ),
  answer: Buffer.from('Hello, World!'),
};

/** A page asked for by a browser on a desktop, cookie included. */
const BROWSER_HEAD = [
  'GET /articles/2026/on-the-waiting-of-sockets?ref=front&page=2 HTTP/1.1',
  'Host: www.example.com',
  'Connection: keep-alive',
  'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-User: ?1',
  'Sec-Fetch-Dest: document',
  'Referer: https://www.example.com/articles',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9,de;q=0.8',
  'Cookie: consent=all; theme=dark; session=',
];

/** How many fields it has. */
export const BROWSER_FIELDS: number = BROWSER_HEAD.length - 1;

/** The same with a session in its cookie; with any it is as long. */
export function browserRequest(session: number): Buffer {
  const id = session.toString(16).padStart(64, '5f3a9c1e');
  return Buffer.from(`${BROWSER_HEAD.join('\r\n')}${id}\r\n\r\n`);
}

/** The root asked for by the same browser, with another cookie each time. */
export const BROWSER: Exchange = {
  ...HELLO,
  request: atRoot(browserRequest(0)),
  variants: Array.from({ length: VARIANTS }, (_, id) => atRoot(browserRequest(id))),
};

function atRoot(request: Buffer): Buffer {
  return Buffer.from(request.toString('latin1').replace(/^GET \S+/, 'GET /'), 'latin1');
}

/** A file of 10 KiB. */
export const FILE: Exchange = {
  protocol: 'http',
  request: getRequest('/file.txt', 'identity'),
  answer: readFileSync(new URL('../../assets/file.txt', import.meta.url)),
};

/** JSON of some 10 KiB, which is made and compressed for each request. */
export const GZIP_JSON: Exchange = {
  protocol: 'http',
  request: getRequest('/', 'gzip'),
  answer: Buffer.from(JSON.stringify(CATALOGUE)),
  coding: 'gzip',
};

function getRequest(path: string, codings: string): Buffer {
  return Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\nAccept: */*\r\nAccept-Encoding: ${codings}\r\n\r\n`,
  );
}

/** 64 KiB of bytes that are no text. */
export const LARGE: Exchange = post(
  Buffer.from(Uint8Array.from({ length: 65_536 }, (_, index) => (index * 31) & 255)),
  'application/octet-stream',
);

/** A request with a body, answered with `echo: ` and that body. */
function post(content: string | Buffer, type: string): Exchange {
  const body = Buffer.from(content);
  return {
    protocol: 'http',
    request: Buffer.concat([Buffer.from(postHead(body.length, type)), body]),
    answer: Buffer.concat([Buffer.from('echo: '), body]),
  };
}

function postHead(length: number, type: string): string {
  return [
    'POST / HTTP/1.1',
    'Host: 127.0.0.1',
    'User-Agent: bench',
    'Accept: */*',
    `Content-Length: ${length}`,
    `Content-Type: ${type}`,
    '\r\n',
  ].join('\r\n');
}

/** The same request with an id as its last field; with any id it is as long. */
export function withId(request: Buffer, id: number): Buffer {
  const field = `X-Request-Id: ${id.toString(16).padStart(16, '0')}`;
  return Buffer.from(
    request.toString('latin1').replace('\r\n\r\n', `\r\n${field}\r\n\r\n`),
    'latin1',
  );
}

/** The order that a client sends to be checked. */
export const ORDER = {
  customer: 'Ada Lovelace',
  email: 'ada@example.com',
  items: [
    { sku: 'AW-1001', quantity: 2, price: 19.5 },
    { sku: 'AW-2002', quantity: 1, price: 120 },
  ],
  express: true,
};

/** An order, answered with what it comes to. */
export const JSON_ORDER: Exchange = {
  ...post(JSON.stringify(ORDER), 'application/json'),
  answer: Buffer.from('{"customer":"Ada Lovelace","items":3,"total":159}'),
};

/** A message of a raw protocol, which comes back as it is. */
export function rawMessage(length: number): Exchange {
  const bytes = Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 7) & 255));
  return { protocol: 'raw', request: bytes, answer: bytes };
}

/** The same request on a new connection. */
export function closing(exchange: Exchange): Exchange {
  const text = exchange.request.toString('latin1');
  return {
    ...exchange,
    request: Buffer.from(text.replace('\r\n', '\r\nConnection: close\r\n'), 'latin1'),
  };
}

/** Whether each request has a new connection. */
export function isClosing(exchange: Exchange): boolean {
  return exchange.request.includes('\r\nConnection: close\r\n');
}
