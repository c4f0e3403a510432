/** The requests that parsers are measured with. */

import { ECHO } from '../load/exchanges.ts';

export interface ParserRequest {
  readonly bytes: Buffer;
  /** How many header fields it has. */
  readonly fields: number;
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
  `Cookie: session=${'5f3a9c1e'.repeat(8)}; consent=all; theme=dark`,
  '\r\n',
];

export const requests: Readonly<Record<string, ParserRequest>> = {
  small: { bytes: ECHO.request, fields: 5 },
  browser: { bytes: Buffer.from(BROWSER.join('\r\n')), fields: BROWSER.length - 2 },
};
