/** What the inspector answers: its page, which holds no data, and its data to those who know the token. */

import type { Clock } from '@awaitio/core';
import { lazy } from '@awaitio/core/lowlevel';
import { events } from '../batteries/event-stream/events.ts';
import type { Handler, HandlerContext } from '../message/handler.ts';
import type { HttpRequest } from '../message/request.ts';
import { HttpResponse } from '../message/response.ts';
import type { Guard } from './guard.ts';
import { liveEvents } from './live.ts';
import type { Collector } from './looking/collector.ts';
import { perfettoTrace } from './looking/perfetto.ts';

/** What a page is made of. */
export interface PageParts {
  readonly guard: Guard;
  readonly collector: Collector;
  readonly clock: Clock;
  readonly interval: number;
  readonly allowClose: boolean;
  /** Someone has asked for data once: requests are counted for a while. */
  readonly onAsked: () => void;
}

/** Large, and read only when a browser asks for it. */
const page = lazy(() => import('./page/page.ts'));

/** Nothing of it is kept, framed, sniffed or read by another site. */
const PRIVATE = {
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
} as const;

/** The handler of a page. */
export function pageHandler(parts: PageParts): Handler {
  return (request, context) => {
    if (!parts.guard.isFromHere(request)) return refused(403);
    if (request.path === '/') {
      return request.method === 'GET' ? pageResponse() : refused(405, { Allow: 'GET' });
    }
    // A scheme that browsers do not ask for, so that no dialog opens (RFC 9110 section 11.6.1, RFC 6750 section 3).
    if (!parts.guard.isAllowed(request)) return refused(401, { 'WWW-Authenticate': 'Bearer' });
    return dataResponse(parts, request, context);
  };
}

function refused(status: number, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return new HttpResponse(null, { status, headers: { ...PRIVATE, ...headers } });
}

async function pageResponse(): Promise<HttpResponse> {
  const { PAGE, SCRIPT_HASH, STYLE_HASH } = page.value ?? (await page.load());
  const policy = [
    "default-src 'none'",
    `script-src '${SCRIPT_HASH}'`,
    `style-src '${STYLE_HASH}'`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return new HttpResponse(PAGE, {
    headers: {
      ...PRIVATE,
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': policy.join('; '),
    },
  });
}

function dataResponse(
  parts: PageParts,
  request: HttpRequest,
  context: HandlerContext,
): HttpResponse {
  const { collector, clock, interval, allowClose } = parts;
  const { method, path } = request;
  const [, name = '', id = ''] = path.split('/');
  if (name === 'close') {
    if (method !== 'POST') return refused(405, { Allow: 'POST' });
    if (!allowClose) return refused(403);
    return refused(collector.close(id) ? 204 : 404);
  }
  if (method !== 'GET') return refused(405, { Allow: 'GET' });
  if (name === 'live') {
    return events((_lastId, { signal }) => liveEvents(collector, clock, interval, signal), {
      request,
      context,
      headers: PRIVATE,
    });
  }
  parts.onAsked();
  if (name === 'json') return HttpResponse.json(collector.look(), { headers: PRIVATE });
  if (name === 'recording') return saved('json', collector.record());
  if (name === 'perfetto') return saved('perfetto.json', perfettoTrace(collector.record()));
  return refused(404);
}

function saved(extension: string, value: unknown): HttpResponse {
  const file = `awaitio-recording.${extension}`;
  const headers = { ...PRIVATE, 'Content-Disposition': `attachment; filename="${file}"` };
  return HttpResponse.json(value, { headers });
}
