/** Every kind of body that may be sent: what it is on the wire, that it is released, and when it is sent again. */
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { InvalidInputError, seededRandom } from '@awaitio/core';
import { failureOf } from '../../../core/test/support/failure-of.ts';
import { HttpResponse, type RequestOptions } from '../../src/index.ts';
import { simulated, type World } from '../support/simulated.ts';

const URL_ = 'http://server/';

/** Serves what it received: type, length, body as latin1. */
async function serveSeen(world: World): Promise<void> {
  await world.serve(async (request) =>
    HttpResponse.json([
      request.headers.get('content-type') ?? null,
      request.headers.get('content-length') ?? request.headers.get('transfer-encoding') ?? null,
      Buffer.from(await request.bytes()).toString('latin1'),
    ]),
  );
}

const FORM_TYPE = 'application/x-www-form-urlencoded;charset=UTF-8';
const abc = (): Uint8Array => new TextEncoder().encode('abc');
async function* pieces(): AsyncGenerator<string | Uint8Array> {
  yield 'a';
  yield new TextEncoder().encode('bc');
}

describe('a body', () => {
  test.each<[string, () => RequestOptions, unknown]>([
    ['text', () => ({ body: 'é' }), [null, '2', '\xc3\xa9']],
    ['bytes', () => ({ body: abc() }), [null, '3', 'abc']],
    ['a Buffer', () => ({ body: Buffer.from('abc') }), [null, '3', 'abc']],
    ['an ArrayBuffer', () => ({ body: abc().slice().buffer }), [null, '3', 'abc']],
    ['a view', () => ({ body: new DataView(abc().buffer, 1, 2) }), [null, '2', 'bc']],
    ['words', () => ({ body: new Uint16Array([0x6161]) }), [null, '2', 'aa']],
    [
      'URLSearchParams',
      () => ({ body: new URLSearchParams({ a: 'b c' }) }),
      [FORM_TYPE, '5', 'a=b+c'],
    ],
    ['a Blob', () => ({ body: new Blob(['ab', 'c'], { type: 'text/x' }) }), ['text/x', '3', 'abc']],
    ['a Blob without a type', () => ({ body: new Blob(['abc']) }), [null, '3', 'abc']],
    ['an async iterable', () => ({ body: pieces() }), [null, 'chunked', 'abc']],
    ['an iterable', () => ({ body: ['ab', 'c'] }), [null, 'chunked', 'abc']],
    ['an iterable of known length', () => ({ body: ['ab', 'c'], length: 3 }), [null, '3', 'abc']],
    ['a stream of Node', () => ({ body: Readable.from(['ab', 'c']) }), [null, 'chunked', 'abc']],
    ['a stream of the web', () => ({ body: new Blob(['abc']).stream() }), [null, 'chunked', 'abc']],
    ['made by a function', () => ({ body: () => 'abc' }), [null, '3', 'abc']],
    ['made by a function, later', () => ({ body: async () => pieces() }), [null, 'chunked', 'abc']],
    ['made as a form', () => ({ body: () => new URLSearchParams('a=b') }), [FORM_TYPE, '3', 'a=b']],
    ['JSON', () => ({ json: { a: [1, null] } }), ['application/json', '14', '{"a":[1,null]}']],
    ['JSON null', () => ({ json: null }), ['application/json', '4', 'null']],
    ['a form', () => ({ form: { a: 1, b: ['x', 'ü'] } }), [FORM_TYPE, '18', 'a=1&b=x&b=%C3%BC']],
    ['a form of pairs', () => ({ form: [['a', '1']] }), [FORM_TYPE, '3', 'a=1']],
    [
      'with its own type',
      () => ({ json: 1, headers: { 'content-type': 'application/x' } }),
      ['application/x', '1', '1'],
    ],
  ])('that is %s', (what, make, expected) =>
    simulated(async (world) => {
      await serveSeen(world);
      const client = world.client();
      const seen = (await (await client.request('POST', URL_, make())).json()) as string[];
      const [type, length] = expected as [string | null, string];
      expect(seen[0]).toBe(type);
      expect(seen[1]).toBe(what === 'a form' ? String(seen[2]?.length) : length);
      expect(seen[2]).toBe((expected as string[])[2]);
    }),
  );

  test('that is a form of files is sent as they are read, with its length', () =>
    simulated(async (world) => {
      await serveSeen(world);
      const form = new FormData();
      form.append('plain', 'a\nb');
      form.append('quo"te\r\n', 'é');
      form.append('file', new File(['content'], 'na"me.txt', { type: 'text/plain' }));
      form.append('blob', new Blob([new Uint8Array(3)]));
      for (const options of [{ form }, { body: form }, { body: () => form }]) {
        const client = world.client({ random: seededRandom(1) });
        const response = await client.request('POST', URL_, options);
        const [type, length, body] = (await response.json()) as [string, string, string];
        const boundary = /^multipart\/form-data; boundary=(----awaitio[0-9a-z]{24})$/.exec(
          type,
        )?.[1];
        expect(Number(length)).toBe(body.length);
        const decoded = await new Response(Buffer.from(body, 'latin1'), {
          headers: { 'Content-Type': type },
        }).formData();
        expect([...decoded.keys()]).toEqual(['plain', 'quo"te\r\n', 'file', 'blob']);
        expect(decoded.get('plain')).toBe('a\r\nb');
        const file = decoded.get('file') as File;
        expect([file.name, file.type, await file.text()]).toEqual([
          'na"me.txt',
          'text/plain',
          'content',
        ]);
        expect(body.endsWith(`--${boundary}--\r\n`)).toBe(true);
      }
    }));

  test.each<[string, RequestOptions]>([
    ['a number', { body: 5 as never }],
    ['null', { body: null as never }],
    ['an object', { body: {} as never }],
    ['a list of numbers', { body: [1, 2] as never }],
    ['made as nothing', { body: (() => {}) as never }],
    ['JSON of a function', { json: () => {} }],
    ['JSON of a bigint', { json: 5n }],
    ['a form of objects', { form: { a: {} } as never }],
    ['a body and JSON', { body: 'a', json: 1 }],
    ['JSON and a form', { json: 1, form: {} }],
  ])('that is %s is refused', (_what, options) =>
    simulated(async (world) => {
      await serveSeen(world);
      const error = await failureOf(world.client().request('POST', URL_, options));
      expect(error).toBeInstanceOf(InvalidInputError);
    }),
  );

  test('whose function fails, fails the request with that', () =>
    simulated(async (world) => {
      await serveSeen(world);
      const reason = new RangeError('no body today');
      const failing = world.client().post(URL_, () => Promise.reject(reason));
      expect(await failureOf(failing)).toBe(reason);
    }));
});

describe('a body that has to be sent again', () => {
  test.each<[string, () => RequestOptions]>([
    ['text', () => ({ body: 'abc' })],
    ['a Blob', () => ({ body: new Blob(['abc']) })],
    ['a function that streams', () => ({ body: () => pieces() })],
    ['JSON', () => ({ json: 'abc' })],
  ])('for a redirect: %s', (_what, make) =>
    simulated(async (world) => {
      const bodies: string[] = [];
      await world.serve(async (request) => {
        bodies.push(await request.text());
        return request.path === '/'
          ? HttpResponse.empty({ status: 307, headers: { Location: '/again' } })
          : HttpResponse.text('fine');
      });
      const response = await world.client().request('POST', URL_, make());
      expect([await response.text(), response.redirects]).toEqual(['fine', 1]);
      expect(bodies[1]).toBe(bodies[0]);
      expect(bodies[0]).toMatch(/abc/);
    }),
  );

  test('on a new connection is made by its function once more', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const client = world.client();
      const first = client.get(URL_);
      const wire = await server.accept();
      await wire.head();
      await wire.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      await (await first).text();
      let made = 0;
      const asking = client.put(URL_, () => {
        made += 1;
        return pieces();
      });
      await wire.head();
      wire.stream.reset();
      const again = await server.accept();
      expect(await again.head()).toMatch(/chunked/);
      await again.stream.readUntil('0\r\n\r\n');
      await again.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      expect((await asking).attempts).toBe(2);
      expect(made).toBe(2);
    }));

  test('and is made for a connection that does not come about, is released', () =>
    simulated(async (world) => {
      world.sim.host('server');
      let released = 0;
      const body = () => new ReadableStream<Uint8Array>({ cancel: () => void (released += 1) });
      await failureOf(world.client().post(URL_, body));
      expect(released).toBe(1);
    }));
});
