/** Applications in fetch's terms, asked through the whole server and without it. */

import { expect } from '@jest/globals';
import { MemoryListener } from '@awaitio/core';
import {
  serve,
  type FetchApplication,
  type HttpServer,
  type ServeOptions,
} from '../../src/index.ts';

/** Serves in memory, and shuts down. `errors` is what the server reports. */
export async function inMemory(
  application: FetchApplication,
  body: (server: HttpServer, errors: unknown[]) => Promise<void>,
  options: ServeOptions = {},
): Promise<void> {
  const errors: unknown[] = [];
  const server = await serve(application, {
    listener: new MemoryListener(),
    onError: (error) => errors.push(error),
    ...options,
  });
  try {
    await body(server, errors);
  } finally {
    await server.shutdown({ grace: 0 });
  }
}

/** What a request is answered with. */
export interface Seen {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: string;
}

/** Fields of the hop, and the server's. */
const HOP = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding']);

async function seenOf(response: Response, varying: readonly string[]): Promise<Seen> {
  // The responses of H3 have the type of a text only when their body has been looked at.
  void response.body;
  const fields = [...response.headers]
    .filter(([name]) => !HOP.has(name))
    .map(([name, value]) => [name, varying.includes(name) ? 'varies' : value]);
  return {
    status: response.status,
    statusText: response.statusText,
    headers: Object.fromEntries(fields) as Record<string, string>,
    cookies: response.headers.getSetCookie(),
    body: Buffer.from(await response.arrayBuffer()).toString('latin1'),
  };
}

/** A request, and what it is answered with. */
export interface Row {
  /** @default '/' */
  readonly path?: string;
  readonly init?: RequestInit;
  readonly status: number;
  /** Fields of the response that have to be there. */
  readonly headers?: Readonly<Record<string, string | RegExp>>;
  readonly body?: string | RegExp;
  /** Fields that differ from one response to the next. */
  readonly varying?: readonly string[];
}

const REASONS: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created' };

/**
 * Asks for each row through the server, over a stream in memory, and without it: both have to give the same, which is what
 * the row says. Nothing may be reported.
 */
export async function expectRows(
  makeApplication: () => FetchApplication,
  rows: readonly Row[],
): Promise<void> {
  const direct = makeApplication();
  await inMemory(makeApplication(), async (server, errors) => {
    for (const { path = '/', init = {}, status, headers = {}, body, varying = [] } of rows) {
      const request = (): Request => new Request(`http://test${path}`, init);
      const answer = await server.fetch(request());
      const seen = await seenOf(answer, varying);
      expect({ path, status: seen.status }).toEqual({ path, status });
      for (const [name, value] of Object.entries(headers)) {
        const isPattern = value instanceof RegExp;
        expect(answer.headers.get(name)).toEqual(isPattern ? expect.stringMatching(value) : value);
      }
      if (typeof body === 'string') expect(seen.body).toBe(body);
      else if (body !== undefined) expect(seen.body).toMatch(body);
      const context = { waitUntil: () => {}, passThroughOnException: () => {}, props: {} };
      const alone = await seenOf(
        // What an application gets of a server that is not there.
        await direct.fetch(request(), { remoteAddress: '' } as never, context),
        varying,
      );
      // A `Response` has an empty `statusText` where it was given none; on the wire stands the usual one.
      const reason = alone.statusText || seen.statusText;
      expect(seen).toEqual({ ...alone, statusText: reason });
      if (status in REASONS) expect(reason).toBe(REASONS[status]);
    }
    expect(errors).toEqual([]);
  });
}
