/** Requests as text, and handlers that answer them. */

import { HttpResponse, type Handler } from '../../src/index.ts';

export const get = (path = '/', fields = '', version = '1.1'): string =>
  `GET ${path} HTTP/${version}\r\nHost: a\r\n${fields}\r\n`;

export const paths = (request: { readonly path: string }) => HttpResponse.text(request.path);

export const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

export const failing =
  (error: unknown): Handler =>
  () => {
    throw error;
  };
