import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from '@jest/globals';
import {
  ClientGoneError,
  echo,
  HttpProblem,
  HttpResponse,
  LocalProtocolError,
  type Handler,
} from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const failing =
  (error: unknown): Handler =>
  () => {
    throw error;
  };

describe('a handler that fails', () => {
  test.each<[string, Handler]>([
    ['throws', failing(new RangeError('no'))],
    ['rejects', () => Promise.reject(new RangeError('no'))],
    [
      'rejects later',
      async () => Promise.resolve().then(() => Promise.reject(new RangeError('no'))),
    ],
  ])('because it %s is a 500, and the connection goes on', (_how, handler) =>
    simulated(async (world) => {
      let requests = 0;
      await world.serve((request, context) => {
        requests += 1;
        return requests === 1 ? handler(request, context) : HttpResponse.text('fine');
      });
      const wire = await world.connect();
      await wire.send(GET);
      const answer = await wire.response();
      expect([answer.status, answer.body, answer.get('connection')]).toEqual([
        500,
        'The server failed to answer.\n',
        undefined,
      ]);
      expect(world.errors).toEqual([new RangeError('no')]);
      await wire.send(GET);
      expect((await wire.response()).body).toBe('fine');
    }),
  );

  test('is a 500 also while the client still sends, and the connection stays in step', () =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        if (request.path === '/ok') return HttpResponse.text('ok');
        for await (const piece of request.body) throw new RangeError(`after ${piece.length > 0}`);
        return undefined;
      });
      const wire = await world.connect();
      await wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n');
      await wire.send('x'.repeat(50_000));
      expect((await wire.response()).status).toBe(500);
      await wire.send(`${'x'.repeat(50_000)}GET /ok HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect((await wire.response()).body).toBe('ok');
    }));

  test.each([
    ['nothing', undefined],
    ['a text', 'text'],
    ['null', null],
    ['a promise of nothing', Promise.resolve()],
  ])('because it gives %s is a 500', (_what, result) =>
    simulated(async (world) => {
      await world.serve((() => result) as unknown as Handler);
      const wire = await world.connect();
      await wire.send(GET);
      expect((await wire.response()).status).toBe(500);
      expect(world.errors).toEqual([expect.any(TypeError)]);
    }),
  );

  test.each([
    [undefined, expect.objectContaining({ code: 'ERR_NO_REASON' })],
    [null, expect.objectContaining({ code: 'ERR_NO_REASON' })],
    ['a string', 'a string'],
    [42, 42],
  ])('by throwing %j is a 500', (thrown, reported) =>
    simulated(async (world) => {
      await world.serve(failing(thrown));
      const wire = await world.connect();
      await wire.send(GET);
      expect((await wire.response()).status).toBe(500);
      expect(world.errors).toEqual([reported]);
    }),
  );

  test('with a problem is answered with it, and is not reported', () =>
    simulated(async (world) => {
      await world.serve(failing(new HttpProblem(404, { detail: 'there is no such thing' })));
      const wire = await world.connect();
      await wire.send(GET);
      const answer = await wire.response();
      expect([answer.status, answer.get('content-type')]).toEqual([
        404,
        'application/problem+json',
      ]);
      expect(JSON.parse(answer.body)).toMatchObject({
        status: 404,
        detail: 'there is no such thing',
      });
      expect(world.errors).toEqual([]);
    }));

  test('stops no other request when the listener for errors fails, too', () =>
    simulated(async (world) => {
      await world.serve(failing(new RangeError('no')), {
        onError: () => {
          throw new RangeError('not me either');
        },
      });
      const wire = await world.connect();
      for (let n = 0; n < 3; n += 1) {
        await wire.send(GET);
        expect((await wire.response()).status).toBe(500);
      }
    }));

  test('in one connection does nothing to another', () =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        await world.sleep(100);
        if (request.path === '/bad') throw new RangeError('no');
        return HttpResponse.stream(['fine']);
      });
      const bad = await world.connect();
      const good = await world.connect();
      await bad.send(GET.replace('/', '/bad'));
      await good.send(GET);
      expect((await bad.response()).status).toBe(500);
      expect((await good.response()).body).toBe('fine');
    }));
});

describe('a body that fails after the head is out', () => {
  const LARGE = 'x'.repeat(20_000);

  test.each<[string, () => AsyncIterable<string> | Iterable<string>]>([
    [
      'an async one',
      async function* () {
        yield LARGE;
        throw new RangeError('the disk is gone');
      },
    ],
    [
      'a sync one',
      function* () {
        yield LARGE;
        throw new RangeError('the disk is gone');
      },
    ],
  ])('cuts the connection and is reported to the program: %s', (_kind, body) =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.stream(body()));
      const wire = await world.connect();
      await wire.send(GET);
      await expect(wire.response()).rejects.toThrow('reset');
      expect(world.errors).toEqual([new RangeError('the disk is gone')]);
    }),
  );

  test('never passes for whole to a client of HTTP/1.0, whose body ends with the connection', () =>
    simulated(async (world) => {
      await world.serve(() =>
        HttpResponse.stream(
          (async function* () {
            yield 'one';
            await world.sleep(100);
            throw new RangeError('the disk is gone');
          })(),
        ),
      );
      const wire = await world.connect();
      await wire.send('GET / HTTP/1.0\r\n\r\n');
      await expect(wire.rest()).rejects.toThrow('reset');
    }));
});

describe('a client that leaves', () => {
  test.each([
    ['by FIN', 'finish'],
    ['by reset', 'reset'],
  ])('%s aborts the signal of its request', (_how, how) =>
    simulated(async (world) => {
      let reason: unknown;
      let abortedAt = 0;
      await world.serve(async (request) => {
        await new Promise<void>((resolve) => {
          request.signal.addEventListener('abort', () => {
            ({ reason } = request.signal);
            abortedAt = world.now;
            resolve();
          });
        });
        request.signal.throwIfAborted();
        return HttpResponse.text('never');
      });
      const wire = await world.connect();
      await wire.send(GET);
      await world.sleep(1_000);
      const since = world.now;
      if (how === 'finish') await wire.finish();
      else wire.stream.reset();
      await world.sleep(100);
      expect(reason).toBeInstanceOf(ClientGoneError);
      expect(abortedAt - since).toBeLessThan(10);
      expect(world.errors).toEqual([]);
    }),
  );

  /** As `setTimeout` of node:timers/promises, which no simulation lets through. */
  const aborted = async (signal: AbortSignal): Promise<never> => {
    await once(signal, 'abort');
    throw Object.assign(new Error('The operation was aborted', { cause: signal.reason }), {
      name: 'AbortError',
      code: 'ABORT_ERR',
    });
  };

  const WAITS: readonly [name: string, wait: (signal: AbortSignal) => Promise<unknown>][] = [
    ['an abortable wait of Node', (signal) => aborted(signal)],
    ['an event', (signal) => once(new EventTarget(), 'never', { signal })],
    ['a pipeline', (signal) => pipeline(new PassThrough(), new PassThrough(), { signal })],
    [
      'its own fetch',
      (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reject(signal.reason as Error);
          });
        }),
    ],
    ['a wait with several signals', (signal) => aborted(AbortSignal.any([signal]))],
  ];

  test.each(WAITS)('while its handler waits for %s is no error, and gets no response', (_, wait) =>
    simulated(async (world) => {
      const statuses: number[] = [];
      await world.serve(
        async (request) => {
          await wait(request.signal);
          return HttpResponse.text('never');
        },
        {
          onEvent: (event) => {
            if (event.type === 'requestFinished') statuses.push(event.status);
          },
        },
      );
      const wire = await world.connect();
      await wire.send(GET);
      await world.sleep(100);
      await wire.finish();
      expect(await wire.rest()).toBe('');
      expect(world.errors).toEqual([]);
      expect(statuses).toEqual([0]);
    }),
  );

  test.each(WAITS)('while its streamed response waits for %s is no error', (_, wait) =>
    simulated(async (world) => {
      await world.serve((request) =>
        HttpResponse.stream(
          (async function* () {
            yield 'one';
            await wait(request.signal);
            yield 'two';
          })(),
        ),
      );
      const wire = await world.connect();
      await wire.send(GET);
      await wire.head();
      await wire.finish();
      await wire.rest().catch(() => '');
      await world.sleep(100);
      expect(world.errors).toEqual([]);
    }),
  );

  test('hides no other error of its handler', () =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        await once(request.signal, 'abort');
        throw new RangeError('no');
      });
      const wire = await world.connect();
      await wire.send(GET);
      await world.sleep(100);
      await wire.finish();
      await wire.rest();
      expect(world.errors).toEqual([new RangeError('no')]);
    }));

  test('aborts no signal of a request that was answered', () =>
    simulated(async (world) => {
      const signals: AbortSignal[] = [];
      await world.serve((request) => {
        signals.push(request.signal);
        return HttpResponse.text('done');
      });
      const wire = await world.connect();
      await wire.send(GET + GET);
      await wire.response();
      await wire.response();
      wire.stream.reset();
      await world.sleep(100);
      expect(signals.map((signal) => signal.aborted)).toEqual([false, false]);
    }));

  test('ends a body that is made for it, and its maker is informed', () =>
    simulated(async (world) => {
      let isTold = false;
      await world.serve(() =>
        HttpResponse.stream(
          (async function* () {
            try {
              for (;;) {
                yield 'event\n';
                await world.sleep(1_000);
              }
            } finally {
              isTold = true;
            }
          })(),
        ),
      );
      const wire = await world.connect();
      await wire.send(GET);
      await wire.head();
      wire.stream.reset();
      await world.sleep(1_100);
      expect(isTold).toBe(true);
      expect(world.errors).toEqual([]);
    }));

  test('lets its connection go though the maker of its body waits for ever', () =>
    simulated(async (world) => {
      const server = await world.serve(() =>
        HttpResponse.stream(
          (async function* () {
            yield 'event\n';
            await new Promise(() => {});
          })(),
        ),
      );
      const wire = await world.connect();
      await wire.send(GET);
      await wire.head();
      wire.stream.reset();
      await world.sleep(100);
      expect(server.statistics().connections.open).toBe(0);
    }));

  test('in the middle of its body fails the read, and is no error of the program', () =>
    simulated(async (world) => {
      const codes: unknown[] = [];
      await world.serve(async (request) => {
        try {
          return HttpResponse.text(await request.text());
        } catch (error) {
          codes.push((error as { code?: string }).code);
          throw error;
        }
      });
      const wire = await world.connect();
      await wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf');
      await world.sleep(100);
      wire.stream.reset();
      await world.sleep(100);
      expect(codes).toEqual(['ECONNRESET']);
      expect(world.errors).toEqual([]);
    }));
});

describe('whose fault a failure is', () => {
  const post = (length: number): string =>
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\nhalf`;

  test.each<[string, (wire: Wire) => Promise<void> | void]>([
    ['stops', () => {}],
    ['ends too early', (wire) => wire.finish()],
    ['breaks off', (wire) => wire.stream.reset()],
  ])('is the client’s when a body that is streamed back %s, and is not reported', (_how, act) =>
    simulated(async (world) => {
      await world.serve((request) => HttpResponse.stream(request.body));
      const wire = await world.connect();
      await wire.send(post(100));
      await wire.head();
      await act(wire);
      await wire.rest().catch(() => '');
      await world.sleep(10_000);
      expect(world.errors).toEqual([]);
    }),
  );

  test('is the program’s when what it asked of another server was malformed, or too long', () =>
    simulated(async (world) => {
      const upstream = await world.listen(8080);
      const client = world.client();
      await world.serve(async (request) => {
        const response = await client.get('http://server:8080/');
        return HttpResponse.bytes(await response.bytes({ limit: Number(request.path.slice(1)) }));
      });
      for (const [limit, answer] of [
        [100, 'nonsense\r\n\r\n'],
        [100, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
        [2, 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmuch'],
        [2, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nmuch\r\n0\r\n\r\n'],
      ] as const) {
        const wire = await world.connect();
        await wire.send(GET.replace('/', `/${limit}`));
        const above = await upstream.accept();
        await above.head();
        await above.send(answer);
        expect((await wire.response()).status).toBe(500);
        above.stream.reset();
      }
      expect(world.errors).toHaveLength(4);
    }));
});

describe('what a program may not send', () => {
  const evil = 'a\r\nX-Evil: 1';

  test.each<[string, () => HttpResponse]>([
    ['a line end in a value', () => HttpResponse.text('', { headers: { 'X-A': evil } })],
    ['a bare CR in a value', () => HttpResponse.text('', { headers: { 'X-A': 'a\rb' } })],
    ['a bare LF in a value', () => HttpResponse.text('', { headers: { 'X-A': 'a\nb' } })],
    ['a NUL in a value', () => HttpResponse.text('', { headers: { 'X-A': 'a\0b' } })],
    ['a character above latin1', () => HttpResponse.text('', { headers: { 'X-A': '\u{10a}' } })],
    ['a line end in a name', () => HttpResponse.text('', { headers: { [evil]: 'a' } })],
    ['a space in a name', () => HttpResponse.text('', { headers: { 'X A': 'a' } })],
    ['an empty name', () => HttpResponse.text('', { headers: { '': 'a' } })],
    ['one of a list', () => HttpResponse.text('', { headers: { 'X-A': ['fine', evil] } })],
    ['a pair', () => HttpResponse.text('', { headers: [['X-A', evil]] })],
    ['a line end in the reason', () => HttpResponse.text('', { reason: evil })],
    [
      'its own Transfer-Encoding',
      () => HttpResponse.text('', { headers: { 'Transfer-Encoding': 'x' } }),
    ],
    [
      'a wrong Content-Length',
      () => HttpResponse.text('a', { headers: { 'Content-Length': '2' } }),
    ],
    ['a status that is none', () => HttpResponse.text('', { status: 99 })],
    ['an informational status', () => HttpResponse.text('', { status: 100 })],
    ['a switch no one asked for', () => HttpResponse.text('', { status: 101 })],
    ['no body at all that is known', () => new HttpResponse(42 as unknown as string)],
  ])('is refused before a byte of it is sent: %s', (_what, make) =>
    simulated(async (world) => {
      await world.serve(make);
      const wire = await world.connect();
      await wire.send(GET);
      const answer = await wire.response();
      expect([answer.status, answer.body]).toEqual([500, 'The server failed to answer.\n']);
      expect(answer.head).not.toMatch(/evil/i);
      expect(world.errors).toHaveLength(1);
      await wire.send(GET);
      expect((await wire.response()).status).toBe(500);
    }),
  );

  test.each([
    ['a line end', { 'X-A': evil }],
    ['a field that would change the framing', { 'Content-Length': '5' }],
    ['a field that would change the framing', { 'transfer-encoding': 'chunked' }],
    ['a field that would change where the message goes', { Host: 'a' }],
  ])('in trailers cuts the connection: %s', (_what, trailers) =>
    simulated(async (world) => {
      const body = ['x'.repeat(20_000)];
      await world.serve(() => HttpResponse.stream(body, { trailers: () => trailers }));
      const wire = await world.connect();
      await wire.send(GET);
      await expect(wire.response()).rejects.toThrow('reset');
      expect(world.errors).toEqual([expect.any(LocalProtocolError)]);
    }),
  );
});

describe('an error answer', () => {
  test.each<[string, string]>([
    ['a bad request line', `GARBAGE\r\n\r\n`],
    ['a head that is too large', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}`],
    ['a body that is too large', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n'],
    [
      'an expectation that is not met',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\nExpect: miracles\r\n\r\n',
    ],
  ])('reaches a client that is still sending: %s', (_what, head) =>
    simulated(
      async (world) => {
        await world.serve(echo(), { limits: { bodyBytes: 1_000 } });
        for (let n = 0; n < 8; n += 1) {
          const wire = await world.connect();
          const over = new AbortController();
          const sending = (async () => {
            await wire.send(head);
            for (let sent = 0; sent < 300_000 && !over.signal.aborted; sent += 2_000) {
              await wire.send('x'.repeat(2_000));
            }
          })().catch(() => {});
          const answer = await wire.rest();
          over.abort();
          expect(answer).toMatch(/^HTTP\/1\.1 4\d\d [^]*Connection: close\r\n\r\n[^]+$/);
          await wire.close();
          await sending;
        }
      },
      { latency: [1, 30], faults: { split: 0.2, slowReader: 0.5 } },
    ),
  );

  test('ends with FIN, and the connection with the client, or after the linger', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const quick = await world.connect();
      await quick.send('GARBAGE\r\n\r\n');
      expect(await quick.rest()).toMatch(/^HTTP\/1\.1 400 /);
      await quick.close();
      expect((await quick.closed).how).toBe('eof');
      const slow = await world.connect();
      await slow.send('GARBAGE\r\n\r\n');
      await slow.rest();
      const since = world.now;
      // It goes on sending and does not close: its connection is taken away.
      while (!slow.stream.isClosed && world.now - since < 10_000) {
        await slow.send('x').catch(() => {});
        await world.sleep(50);
      }
      expect(world.now - since).toBeGreaterThanOrEqual(1_900);
      expect(world.now - since).toBeLessThan(2_300);
    }));
});
