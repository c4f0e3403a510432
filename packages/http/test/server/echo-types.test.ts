import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MemoryListener } from '@awaitio/core';
import { echo, serve, type HttpResponse, type HttpServer } from '../../src/index.ts';

let server: HttpServer;
beforeAll(async () => {
  server = await serve(echo(), { listener: new MemoryListener() });
});
afterAll(async () => {
  await server.shutdown({ idleWindow: 0 });
});

const typed = (type: string): RequestInit => ({
  method: 'POST',
  body: '<b>bold</b>',
  headers: { 'Content-Type': type },
});

test.each<[string, string, RequestInit]>([
  ['text to a request without a body, as a browser sends', 'text/plain; charset=utf-8', {}],
  ['text to HEAD', 'text/plain; charset=utf-8', { method: 'HEAD' }],
  ['text to a POST without a body', 'text/plain; charset=utf-8', { method: 'POST' }],
  [
    'bytes to a body without a type',
    'application/octet-stream',
    { method: 'POST', body: new Uint8Array(3) },
  ],
  ['the type of the request', 'application/json', typed('application/json')],
  ['the type of the request, HTML too', 'text/html', typed('text/html')],
])('echo answers with %s, and no browser guesses another type', async (_what, type, init) => {
  const response = await server.fetch('http://example.com/', init);
  await response.text();
  const names = ['content-type', 'x-content-type-options'];
  expect(names.map((name) => response.headers.get(name))).toEqual([type, 'nosniff']);
});

test('echo answers with the type of each request, whatever the one before it had', async () => {
  const types = ['text/a', 'text/a', 'text/b', 'text/a', 'text/b'];
  const seen: (string | null)[] = [];
  for (const type of types) {
    const response = await server.fetch('http://example.com/', typed(type));
    await response.text();
    seen.push(response.headers.get('content-type'));
  }
  expect(seen).toEqual(types);
});

test('what a program does to the fields of a response of echo shows in no other response', async () => {
  const handler = echo();
  const changed = await serve(
    async (request, context) => {
      const response = (await handler(request, context)) as HttpResponse;
      expect(() => (response.fields as string[]).push('X-Other', 'seen')).toThrow(TypeError);
      return response;
    },
    { listener: new MemoryListener() },
  );
  const response = await changed.fetch('http://example.com/', typed('text/a'));
  expect(await response.text()).toBe('echo: <b>bold</b>');
  await changed.shutdown({ idleWindow: 0 });
});
