import { expect, test } from '@jest/globals';
import { inMemory } from '../support/fetch-side.ts';

test.each<[string, () => Response, string | null, string]>([
  ['of text', () => new Response('hellö'), '6', 'hellö'],
  [
    'of text, unless chunks are asked for',
    () => new Response('hello', { headers: { 'transfer-encoding': 'chunked' } }),
    null,
    'hello',
  ],
  ['of JSON', () => Response.json({ a: 1 }), '7', '{"a":1}'],
  ['of a long text', () => new Response('x'.repeat(100_000)), '100000', 'x'.repeat(100_000)],
  ['of bytes', () => new Response(new Uint8Array(3)), '3', '\0\0\0'],
  ['of an empty text', () => new Response(''), '0', ''],
  ['of nothing', () => new Response(null), '0', ''],
  ['of parameters', () => new Response(new URLSearchParams({ a: '1' })), '3', 'a=1'],
  [
    'that is produced',
    () =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
            controller.enqueue(Buffer.from('later'));
            controller.close();
          },
        }),
      ),
    null,
    'later',
  ],
])(
  'announces the length of a body %s, where it is known before it is sent',
  (_name, make, length, body) =>
    inMemory({ fetch: make }, async (server) => {
      const answer = await server.fetch('http://test/');
      expect(answer.headers.get('content-length')).toBe(length);
      expect(answer.headers.get('transfer-encoding')).toBe(length === null ? 'chunked' : null);
      expect(await answer.text()).toBe(body);
    }),
);
