/** The requests that parsers are measured with. */

import { ECHO, withId } from '../load/exchanges.ts';

export interface ParserRequest {
  /** The request in variants of one length, which differ at the end of the head. */
  readonly variants: readonly Buffer[];
  /** How many header fields it has. */
  readonly fields: number;
}

/** Enough for no two in a row to be alike, and few enough to stay in the processor's caches. */
const VARIANTS = 64;

function variants(make: (id: number) => Buffer): readonly Buffer[] {
  return Array.from({ length: VARIANTS }, (_, id) => make(id));
}

/** A page asked for by a browser on a desktop, cookie included. */
const BROWSER = [
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

function browserWith(session: number): Buffer {
  const id = session.toString(16).padStart(64, '5f3a9c1e');
  return Buffer.from(`${BROWSER.join('\r\n')}${id}\r\n\r\n`);
}

export const requests: Readonly<Record<string, ParserRequest>> = {
  small: { variants: variants((id) => withId(ECHO.request, id)), fields: 6 },
  browser: { variants: variants(browserWith), fields: BROWSER.length - 1 },
};
