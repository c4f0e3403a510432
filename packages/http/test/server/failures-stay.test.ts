/** A failure stays where it is: it spoils no complete response, and has a status as long as none of its bytes has left. */
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import {
  echo,
  HttpProblem,
  HttpResponse,
  LocalProtocolError,
  type FetchApplication,
  type Handler,
} from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';

const get = (path: string, version = '1.1', more = ''): string =>
  `GET ${path} HTTP/${version}\r\nHost: a\r\n${more}\r\n`;
const FAILED = 'The server failed to answer.\n';
const lost = (): Error => new RangeError('the disk is gone');

/** The ways in which the same bytes come. */
const CUTS: readonly (readonly [
  name: string,
  send: (wire: Wire, text: string) => Promise<void>,
])[] = [
  ['whole', (wire, text) => wire.send(text)],
  [
    'byte by byte',
    async (wire, text) => {
      for (const byte of Buffer.from(text)) await wire.send(Uint8Array.of(byte));
    },
  ],
];

describe('a response that fails after its head', () => {
  const failing = (world: { sleep(ms: number): Promise<void> }, size = 3): Handler => {
    return (request) => {
      if (request.path !== '/bad') return HttpResponse.text(request.path.repeat(size));
      return HttpResponse.stream(
        (async function* () {
          yield 'one';
          await world.sleep(10);
          throw lost();
        })(),
      );
    };
  };

  test.each(CUTS)('destroys none of the complete ones before it: %s', (_how, send) =>
    simulated(async (world) => {
      await world.serve(failing(world));
      const wire = await world.connect();
      const sent = send(wire, get('/1') + get('/2') + get('/bad') + get('/3')).catch(() => {});
      expect((await wire.response()).body).toBe('/1/1/1');
      expect((await wire.response()).body).toBe('/2/2/2');
      await expect(wire.response()).rejects.toThrow('ended');
      await sent;
      expect(world.errors).toEqual([lost()]);
    }),
  );

  test('leaves what a slow reader has not taken of those yet', () =>
    simulated(async (world) => {
      await world.serve(failing(world, 500_000));
      const wire = await world.connect();
      await wire.send(get('/1') + get('/2') + get('/bad'));
      for (const path of ['/1', '/2']) {
        await wire.head();
        for (let left = 1_000_000; left > 0;) {
          const bytes = await wire.stream.readExactly(Math.min(left, 100_000));
          left -= bytes.length;
          expect(Buffer.from(bytes).toString()).toBe(path.repeat(bytes.length / 2));
          await world.sleep(200);
        }
      }
      await expect(wire.response()).rejects.toThrow('ended');
    }));

  test('is never taken for complete by a client of HTTP/1.0 that has kept the connection', () =>
    simulated(async (world) => {
      await world.serve(failing(world));
      const wire = await world.connect();
      const keep = 'Connection: keep-alive\r\n';
      await wire.send(get('/1', '1.0', keep));
      expect((await wire.response()).body).toBe('/1/1/1');
      await wire.send(get('/bad', '1.0', keep));
      await expect(wire.rest()).rejects.toThrow('reset');
    }));

  test('is cut by a reset where nothing complete is before it', () =>
    simulated(async (world) => {
      await world.serve(failing(world));
      const wire = await world.connect();
      await wire.send(get('/bad'));
      await expect(wire.response()).rejects.toThrow('reset');
    }));
});

describe('a response that fails before a byte of it has left is a 500', () => {
  const stream = (body: Parameters<typeof HttpResponse.stream>[0], init = {}): Handler => {
    return () => HttpResponse.stream(body, init);
  };
  const CASES: readonly (readonly [name: string, make: () => Handler | FetchApplication])[] = [
    [
      'the first piece of a sync generator',
      () =>
        stream(
          // oxlint-disable-next-line require-yield -- it fails first
          (function* (): Generator<string> {
            throw lost();
          })(),
        ),
    ],
    [
      'the second one',
      () =>
        stream(
          (function* () {
            yield 'one';
            throw lost();
          })(),
        ),
    ],
    [
      'the first piece of an async generator',
      () =>
        stream(
          // oxlint-disable-next-line require-yield -- it fails first
          (async function* (): AsyncGenerator<string> {
            await Promise.resolve();
            throw lost();
          })(),
        ),
    ],
    [
      'a ReadableStream',
      () => stream(new ReadableStream({ start: (controller) => controller.error(lost()) })),
    ],
    [
      'a stream of Node',
      () =>
        stream(
          Readable.from(
            // oxlint-disable-next-line require-yield -- it fails first
            (function* () {
              throw lost();
            })(),
          ),
        ),
    ],
    [
      'an iterable that gives no iterator',
      () => stream({ [Symbol.asyncIterator]: () => undefined } as never),
    ],
    ['a piece that is no bytes', () => stream([42 as never])],
    ['more than its length', () => stream(['one', 'two'], { length: 5 })],
    ['less than its length', () => stream(['one'], { length: 5 })],
    ['more than its Content-Length', () => stream(['one'], { headers: { 'Content-Length': '2' } })],
    [
      'trailers that may not be sent',
      () => stream(['one'], { trailers: () => ({ 'Content-Length': '5' }) }),
    ],
    [
      'a fetch Response',
      () => ({
        fetch: () =>
          new Response(new ReadableStream({ pull: (controller) => controller.error(lost()) })),
      }),
    ],
  ];

  describe.each(CUTS)('%s', (_how, send) => {
    test.each(CASES)('%s', (_what, make) =>
      simulated(async (world) => {
        let handler: Handler | FetchApplication = make();
        const first = handler;
        let requests = 0;
        handler =
          typeof first === 'function'
            ? (request, context) => {
                requests += 1;
                return requests === 1 ? first(request, context) : HttpResponse.text('fine');
              }
            : first;
        await world.serve(handler);
        const wire = await world.connect();
        await send(wire, get('/'));
        const answer = await wire.response();
        expect([answer.status, answer.body]).toEqual([500, FAILED]);
        expect(world.errors).toHaveLength(1);
        if (typeof first !== 'function') return;
        await send(wire, get('/'));
        expect((await wire.response()).body).toBe('fine');
      }),
    );
  });

  test('or the status of the problem that it fails with', () =>
    simulated(async (world) => {
      await world.serve(
        stream(
          // oxlint-disable-next-line require-yield -- it fails first
          (async function* (): AsyncGenerator<string> {
            throw new HttpProblem(404, { detail: 'there is no such thing' });
          })(),
        ),
      );
      const wire = await world.connect();
      await wire.send(get('/'));
      expect((await wire.response()).status).toBe(404);
      expect(world.errors).toEqual([]);
    }));

  describe.each(CUTS)('or a 400 where the request it is made of is malformed: %s', (_how, send) => {
    test.each<[string, string]>([
      ['in its first chunk', 'zz\r\nbody\r\n0\r\n\r\n'],
      ['in its first chunk, with another request behind it', `zz\r\n${get('/')}`],
    ])('%s', (_where, body) =>
      simulated(async (world) => {
        await world.serve(echo());
        const wire = await world.connect();
        const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
        const sent = send(wire, head + body).catch(() => {});
        const answer = await wire.response();
        expect([answer.status, answer.get('connection')]).toEqual([400, 'close']);
        await sent;
        expect(world.errors).toEqual([]);
      }),
    );
  });

  test('and is sent as soon as it takes longer than a turn of the event loop', () =>
    simulated(async (world) => {
      await world.serve(
        stream(
          (async function* () {
            await world.sleep(5_000);
            yield 'late';
          })(),
        ),
      );
      const wire = await world.connect();
      await wire.send(get('/'));
      expect(await wire.head()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(world.now).toBeLessThan(100);
      expect((await wire.stream.readUntil('late'))?.length).toBe(7);
    }));

  test('with the error that its body has, and the signal aborts', () =>
    simulated(async (world) => {
      const reasons: unknown[] = [];
      await world.serve((request) => {
        request.signal.addEventListener('abort', () => reasons.push(request.signal.reason));
        return HttpResponse.stream(['one', 'two'], { length: 5 });
      });
      const wire = await world.connect();
      await wire.send(get('/'));
      expect((await wire.response()).status).toBe(500);
      expect(world.errors).toEqual([expect.any(LocalProtocolError)]);
      expect(reasons).toEqual(world.errors);
    }));
});
