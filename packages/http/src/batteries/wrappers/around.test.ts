import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test } from '@jest/globals';
import { MemoryListener, memoryPair } from '@awaitio/core';
import { ManualClock } from '@awaitio/core/testing';
import { HttpProblem, HttpResponse, serve, type Handler } from '../../index.ts';
import { fetched, type Fetched } from '../../../test/support/fetched.ts';
import { basicAuth } from './basic-auth.ts';
import { cors } from './cors.ts';
import { loadShedding } from './load-shedding.ts';
import { rateLimit } from './rate-limit.ts';
import { requestId } from './request-id.ts';
import { serverTiming } from './server-timing.ts';

/** On the system's clock, load shedding measures for some seconds after the last request. */
const clock = new ManualClock();

/** Every wrapper, letting every request through. */
const WRAPPERS: readonly (readonly [name: string, wrap: (handler: Handler) => Handler])[] = [
  ['cors', (handler) => cors(handler)],
  ['rateLimit', (handler) => rateLimit(handler, { rate: 1_000 })],
  ['basicAuth', (handler) => basicAuth(handler, { check: () => true })],
  ['requestId', (handler) => requestId(handler)],
  ['serverTiming', (handler) => serverTiming(handler)],
  ['loadShedding', (handler) => loadShedding(handler, { clock })],
  [
    'all of them',
    (handler) => WRAPPERS.slice(0, -1).reduce((inner, [, wrap]) => wrap(inner), handler),
  ],
];

const headers = { Authorization: `Basic ${btoa('a:b')}` };

const ask = (handler: Handler, init: RequestInit = {}): Promise<Fetched> =>
  fetched(handler, { headers, ...init });

describe.each(WRAPPERS)('%s', (_name, wrap) => {
  test('keeps everything of a response that it does not say itself', async () => {
    const handler: Handler = () =>
      HttpResponse.stream(['one', 'two'], {
        status: 203,
        reason: 'So',
        length: 6,
        headers: { 'Set-Cookie': ['a=b', 'c=d'], 'Content-Type': 'text/x' },
      });
    const { answer, body, errors } = await ask(wrap(handler));
    expect([answer.status, answer.statusText, body, errors]).toEqual([203, 'So', 'onetwo', []]);
    expect(answer.headers.get('content-length')).toBe('6');
    expect(answer.headers.get('content-type')).toBe('text/x');
    expect(answer.headers.getSetCookie()).toEqual(['a=b', 'c=d']);
  });

  test('has a streamed body made in the context of its handler', async () => {
    const storage = new AsyncLocalStorage<string>();
    async function* body(): AsyncGenerator<string> {
      await Promise.resolve();
      yield storage.getStore() ?? 'outside';
    }
    const handler: Handler = () => storage.run('inside', () => HttpResponse.stream(body()));
    expect((await ask(wrap(handler))).body).toBe('inside');
  });

  test('passes a problem on, with its fields', async () => {
    const handler: Handler = async () => {
      throw new HttpProblem(409, { headers: { 'X-Why': 'so' } });
    };
    const { answer, errors } = await ask(wrap(handler));
    expect([answer.status, answer.headers.get('x-why'), errors]).toEqual([409, 'so', []]);
  });

  test('passes a problem on that makes no response', async () => {
    const handler: Handler = () => {
      throw new HttpProblem(409, { headers: { 'X-Why': 'a\r\nb' } });
    };
    const { answer, errors } = await ask(wrap(handler));
    expect([answer.status, errors.length]).toEqual([500, 1]);
  });

  test('passes another failure on as it is', async () => {
    const failure = new Error('broken');
    const handler: Handler = () => {
      throw failure;
    };
    const { answer, errors } = await ask(wrap(handler));
    expect([answer.status, errors]).toEqual([500, [failure]]);
  });

  test('lets its handler switch to another protocol', async () => {
    const handler: Handler = async (_request, context) => {
      const { stream } = await context.upgrade();
      await stream.writeAll('switched');
      await stream.close();
    };
    const server = await serve(wrap(handler), { listener: new MemoryListener() });
    const [near, far] = memoryPair();
    server.serveStream(far);
    await near.writeAll(
      `GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\nAuthorization: ${headers.Authorization}\r\n\r\n`,
    );
    const pieces: Uint8Array[] = [];
    for await (const piece of near) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\nswitched$/);
    await near.close();
    await server.shutdown();
  });

  test('answers HEAD without a body', async () => {
    const { answer, body } = await ask(
      wrap(() => HttpResponse.text('hi')),
      { method: 'HEAD' },
    );
    expect([answer.status, answer.headers.get('content-length'), body]).toEqual([200, '2', '']);
  });
});
