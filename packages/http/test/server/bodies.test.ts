/** Bodies of responses. */
import { describe, expect, test } from '@jest/globals';
import type { SimFaults } from '@awaitio/core/testing';

import { echo } from '../../src/handlers/echo.ts';
import { LocalProtocolError } from '../../src/protocol/vocabulary/errors.ts';
import type { HttpRequest } from '../../src/message/request.ts';
import { HttpResponse } from '../../src/message/response.ts';
import { simulated } from '../support/simulated.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

const post = (body: string, fields = ''): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`;

/** Bytes in which each differs from its neighbours. */
const pattern = (length: number, start = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (start + index * 7) % 251);

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const TROUBLE: SimFaults = { partialWrite: 1, window: 1, split: 0.3 };

describe('a small body', () => {
  const BODIES: [string, Uint8Array][] = [
    ['nothing', new Uint8Array(0)],
    ['ASCII', utf8('name=WasmEdge')],
    ['more ASCII than lies in the heap', utf8('x'.repeat(100))],
    ['JSON that is not ASCII', utf8('{"place":"Mäntsälä"}')],
    ['UTF-8 with a byte order mark', utf8('\ufeffmark')],
    ['bytes that are no UTF-8', Uint8Array.of(65, 0xc3, 0x28, 0xff, 66)],
    ['every byte there is', pattern(251)],
  ];
  /** The same request as often as given, cut where the network cuts. */
  const WAYS: [string, (request: Uint8Array) => Uint8Array[]][] = [
    ['whole', (request) => [request, request]],
    ['byte by byte', (request) => Array.from(request, (byte) => Uint8Array.of(byte))],
    ['with the next request behind it', (request) => [Buffer.concat([request, request])]],
    [
      'in two halves',
      (request) => {
        const end = request.length - Math.floor((request.length - request.indexOf(10)) / 4);
        return [request.subarray(0, end), request.subarray(end)];
      },
    ],
  ];

  describe.each(BODIES)('that is %s', (_what, body) => {
    test.each(WAYS)(
      'is what was sent, as bytes, as text and passed on, when it comes %s',
      (_way, cut) =>
        simulated(async (world) => {
          await world.serve((request) =>
            request.path === '/echo' ? echo()(request, undefined as never) : read(request),
          );
          const read = async (request: HttpRequest): Promise<HttpResponse> =>
            request.path === '/bytes'
              ? HttpResponse.bytes(await request.bytes())
              : HttpResponse.text(await request.text());
          const wire = await world.connect();
          const asText = latin1(utf8(new TextDecoder().decode(body)));
          const answers = {
            '/bytes': latin1(body),
            '/text': asText,
            '/echo': `echo: ${latin1(body)}`,
          };
          for (const [path, answer] of Object.entries(answers)) {
            const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`;
            const pieces = cut(Buffer.concat([utf8(head), body]));
            const count = Buffer.concat(pieces).length / (head.length + body.length);
            for (const piece of pieces) await wire.stream.writeAll(piece);
            for (let index = 0; index < count; index += 1) {
              expect((await wire.response()).body).toBe(answer);
            }
          }
        }),
    );
  });

  test('that was read as text is not read again', () =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        await request.text();
        const failures = [request.text(), request.bytes()].map((again) =>
          again.catch((error: unknown) => (error as { code?: string }).code),
        );
        return HttpResponse.json(await Promise.all(failures));
      });
      const wire = await world.connect();
      await wire.send(post('ab'));
      expect((await wire.response()).body).toBe('["ERR_BODY_USED","ERR_BODY_USED"]');
    }));

  test('that is longer than may be collected is refused as text, too', () =>
    simulated(async (world) => {
      await world.serve(async (request) => HttpResponse.text(await request.text({ limit: 3 })));
      const wire = await world.connect();
      await wire.send(post('four'));
      expect(await wire.head()).toMatch(/^HTTP\/1.1 413 /);
    }));
});

describe('a streamed answer', () => {
  test('comes in chunks, each as soon as the program gives it', () =>
    simulated(async (world) => {
      await world.serve(() =>
        HttpResponse.stream(
          (async function* () {
            yield 'one ';
            await world.sleep(1_000);
            yield 'two';
          })(),
        ),
      );
      const wire = await world.connect();
      await wire.send(GET);
      expect(await wire.head()).toMatch(/\r\nTransfer-Encoding: chunked\r\n/);
      expect(latin1(await wire.stream.readExactly(9))).toBe('4\r\none \r\n');
      expect(world.now).toBeLessThan(100);
      expect(latin1(await wire.stream.readExactly(13))).toBe('3\r\ntwo\r\n0\r\n\r\n');
      expect(world.now).toBeGreaterThan(1_000);
    }));

  test.each<[string, SimFaults]>([
    ['a network without trouble', {}],
    ['small writes and small windows', TROUBLE],
    ['a slow reader', { slowReader: 1 }],
  ])('keeps its pieces whole and in order over %s', (_what, faults) =>
    simulated(
      async (world) => {
        const sizes = [1, 20_000, 16_384, 3, 16_383, 70_000, 40_000, 16_385, 2, 100_000];
        await world.serve(() =>
          HttpResponse.stream(sizes.map((size, index) => pattern(size, index))),
        );
        const wire = await world.connect();
        await wire.send(GET);
        const { body } = await wire.response();
        const whole = Buffer.concat(sizes.map((size, index) => pattern(size, index)));
        expect(body === latin1(whole)).toBe(true);
      },
      { faults },
    ),
  );

  test('asks the program for no more than a slow reader takes', () =>
    simulated(async (world) => {
      let made = 0;
      await world.serve(() =>
        HttpResponse.stream(
          (function* () {
            for (; made < 100; made += 1) yield pattern(10_000);
          })(),
        ),
      );
      const wire = await world.connect();
      await wire.send(GET);
      await world.sleep(1_000);
      // What fits into the buffers of both ends and of the network between them.
      expect(made).toBeLessThan(40);
      const { body } = await wire.response();
      expect(body.length).toBe(1_000_000);
    }));

  test('has the length that the program announces for it', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.stream(['one ', 'two'], { length: 7 }));
      const wire = await world.connect();
      await wire.send(GET);
      const { body, get } = await wire.response();
      expect([body, get('content-length'), get('transfer-encoding')]).toEqual([
        'one two',
        '7',
        undefined,
      ]);
    }));

  test('ends with the connection for a client of HTTP/1.0, which knows no chunks', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.stream(['one ', 'two']));
      const wire = await world.connect();
      await wire.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
      expect(await wire.rest()).toMatch(
        /^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n\r\none two$/,
      );
    }));

  test('takes text, bytes and web streams, and skips what is empty', () =>
    simulated(async (world) => {
      await world.serve((request) => {
        if (request.path === '/web') {
          return HttpResponse.stream(new Blob(['web ', 'stream']).stream());
        }
        return HttpResponse.stream(['text é ', '', new Uint8Array(0), Buffer.from('bytes')]);
      });
      const wire = await world.connect();
      await wire.send(GET);
      expect((await wire.response()).body).toBe('text Ã© bytes');
      await wire.send(GET.replace('/', '/web'));
      expect((await wire.response()).body).toBe('web stream');
    }));

  test('may end with trailers, known before or made when the body is out', () =>
    simulated(async (world) => {
      let sum = 0;
      await world.serve(() =>
        HttpResponse.stream(
          (function* () {
            for (const piece of ['a', 'b']) {
              sum += piece.charCodeAt(0);
              yield piece;
            }
          })(),
          { trailers: () => ({ 'X-Sum': sum }) },
        ),
      );
      const wire = await world.connect();
      await wire.send(GET);
      expect((await wire.response()).trailers).toBe('X-Sum: 195\r\n');
    }));

  test('is not begun for HEAD, 204 and 304, and the program learns that it is not wanted', () =>
    simulated(async (world) => {
      let ended = 0;
      const body = (): AsyncIterable<string> => ({
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.reject(new Error('must not be read')),
          return: () => {
            ended += 1;
            return Promise.resolve({ done: true, value: undefined });
          },
        }),
      });
      await world.serve((request) =>
        HttpResponse.stream(body(), { status: Number(request.path.slice(1)) }),
      );
      const wire = await world.connect();
      await wire.send('HEAD /200 HTTP/1.1\r\nHost: a\r\n\r\n');
      expect((await wire.response('HEAD')).get('transfer-encoding')).toBe('chunked');
      for (const status of [204, 304]) {
        await wire.send(GET.replace('/', `/${status}`));
        const answer = await wire.response();
        expect([answer.status, answer.get('transfer-encoding'), answer.body]).toEqual([
          status,
          undefined,
          '',
        ]);
      }
      expect(ended).toBe(3);
      expect(world.errors).toEqual([]);
    }));
});

describe('Content-Length of an answer', () => {
  test('is the body, in bytes', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text('é'));
      const wire = await world.connect();
      await wire.send(GET);
      const { body, get } = await wire.response();
      expect([body, get('content-length')]).toEqual(['Ã©', '2']);
    }));

  test.each(['a€b', '😀', 'Ċč', 'a\ud83d', 'plain', `${'x'.repeat(40_000)}€`])(
    'is the UTF-8 of text, whole and in pieces: %j',
    (sent) =>
      simulated(async (world) => {
        await world.serve((request) =>
          request.path === '/whole' ? HttpResponse.text(sent) : HttpResponse.stream([sent, sent]),
        );
        const client = world.client();
        const expected = Buffer.from(sent);
        const whole = await client.get('http://server/whole');
        expect(Buffer.from(await whole.bytes()).equals(expected)).toBe(true);
        const pieces = await client.get('http://server/pieces');
        const both = Buffer.concat([expected, expected]);
        expect(Buffer.from(await pieces.bytes()).equals(both)).toBe(true);
      }),
  );

  test('is zero for an answer without a body, and absent where there can be none', () =>
    simulated(async (world) => {
      await world.serve((request) => HttpResponse.empty({ status: Number(request.path.slice(1)) }));
      const wire = await world.connect();
      for (const [status, length] of [
        [200, '0'],
        [404, '0'],
        [204, undefined],
      ] as const) {
        await wire.send(GET.replace('/', `/${status}`));
        const answer = await wire.response();
        expect([status, answer.get('content-length')]).toEqual([status, length]);
        expect(answer.body).toBe('');
      }
    }));

  test.each([
    ['shorter than announced', 10, ['1234', '5678']],
    ['longer than announced', 6, ['1234', '5678']],
  ])('cuts the connection when a streamed body is %s', (_how, length, pieces) =>
    simulated(async (world) => {
      async function* slowly(): AsyncGenerator<string> {
        for (const piece of pieces) {
          yield piece;
          await world.sleep(10);
        }
      }
      await world.serve(() => HttpResponse.stream(slowly(), { length }));
      const wire = await world.connect();
      await wire.send(GET);
      await expect(wire.response()).rejects.toThrow('reset');
      expect(world.errors).toEqual([expect.any(LocalProtocolError)]);
    }),
  );

  test('is refused when it is not the length of the body, before anything is sent', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text('four', { headers: { 'Content-Length': 5 } }));
      const wire = await world.connect();
      await wire.send(GET);
      expect((await wire.response()).status).toBe(500);
      expect(world.errors).toEqual([expect.any(LocalProtocolError)]);
    }));
});
