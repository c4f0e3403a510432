/** How long-lived responses end: with their client, by FIN and by reset, with a deadline, and with the shutdown. */
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { TcpStream } from '@awaitio/core';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import {
  ClientGoneError,
  echo,
  HttpResponse,
  serve,
  type FetchApplication,
  type Handler,
  type ResponseBody,
  type ServerEvent,
} from '../../src/index.ts';
import { simulated, type World } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const get = (path: string): string => GET.replace('/', path);
const never = (): Promise<never> => new Promise(() => {});

/** A body that gives one piece and then nothing, and what it was ended with. */
interface Quiet {
  readonly body: Exclude<ResponseBody, string | Uint8Array | null>;
  readonly ends: unknown[];
}

type Kind = readonly [name: string, make: () => Quiet];

const QUIET: readonly [Kind, ...Kind[]] = [
  [
    'a ReadableStream',
    () => {
      const ends: unknown[] = [];
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(Buffer.from('one')),
        pull: never,
        cancel: (reason) => {
          ends.push(reason);
        },
      });
      return { body, ends };
    },
  ],
  [
    'an iterator',
    () => {
      const ends: unknown[] = [];
      const pieces = ['one'];
      const iterator = {
        next: async () => {
          const value = pieces.shift();
          return value === undefined ? never() : { done: false as const, value };
        },
        return: async () => {
          ends.push('return');
          return { done: true as const, value: undefined };
        },
      };
      return { body: { [Symbol.asyncIterator]: () => iterator }, ends };
    },
  ],
  [
    'a stream of Node',
    () => {
      const ends: unknown[] = [];
      const body = new Readable({
        read: () => {},
        destroy: (error, callback) => {
          ends.push(error);
          callback(error);
        },
      });
      body.push('one');
      return { body, ends };
    },
  ],
];

const LEAVING: readonly (readonly [
  name: string,
  leave: (wire: Wire) => Promise<void>,
  ms: number,
])[] = [
  ['by reset', async (wire) => wire.stream.reset(), 10],
  ['by FIN', (wire) => wire.finish(), 10_100],
];

describe.each(LEAVING)('a client that leaves %s', (_how, leave, within) => {
  test.each(QUIET)('ends %s that is waited for, once', (_kind, make) =>
    simulated(async (world) => {
      const { body, ends } = make();
      const events: ServerEvent[] = [];
      const server = await world.serve(() => HttpResponse.stream(body), {
        onEvent: (event) => events.push(event),
      });
      const wire = await world.connect();
      await wire.send(GET);
      await wire.head();
      await world.sleep(100);
      expect(ends).toEqual([]);
      await leave(wire);
      await world.sleep(within);
      expect(ends).toHaveLength(1);
      expect(server.statistics().connections.open).toBe(0);
      await world.sleep(60_000);
      expect(ends).toHaveLength(1);
      expect(world.errors).toEqual([]);
      expect(events.find(({ type }) => type === 'requestFinished')).toMatchObject({
        isComplete: false,
      });
    }),
  );

  test('gives the ending of a ReadableStream a reason that says so', () =>
    simulated(async (world) => {
      const { body, ends } = QUIET[0][1]();
      await world.serve(() => HttpResponse.stream(body));
      const wire = await world.connect();
      await wire.send(GET);
      await wire.head();
      await leave(wire);
      await world.sleep(within);
      expect(ends).toEqual([expect.objectContaining({ code: 'ERR_HTTP_CLIENT_GONE' })]);
    }));

  test('aborts request.signal once, which ends a generator that waits with it', () =>
    simulated(async (world) => {
      const seen: string[] = [];
      await world.serve((request) => {
        request.signal.addEventListener('abort', () => seen.push('abort'));
        return HttpResponse.stream(
          (async function* () {
            try {
              yield 'one';
              await new Promise((_, reject) => {
                request.signal.addEventListener('abort', () => reject(request.signal.reason));
              });
            } finally {
              seen.push('finally');
            }
          })(),
        );
      });
      const wire = await world.connect();
      await wire.send(GET);
      await wire.head();
      await leave(wire);
      await world.sleep(60_000);
      expect(seen).toEqual(['abort', 'finally']);
      expect(world.errors).toEqual([]);
    }));

  test('is noticed by streamSSE of Hono, five times of five', () =>
    simulated(async (world) => {
      let aborted = 0;
      const app = new Hono().get('/', (c) =>
        streamSSE(c, async (stream) => {
          const gone = new Promise<void>((resolve) => {
            stream.onAbort(() => {
              aborted += 1;
              resolve();
            });
          });
          await stream.writeSSE({ data: 'hello' });
          await gone;
        }),
      );
      const server = await world.serve(app);
      const wires: Wire[] = [];
      for (let n = 0; n < 5; n += 1) {
        const wire = await world.connect();
        wires.push(wire);
        await wire.send(GET);
        await wire.stream.readUntil('hello\n\n');
      }
      expect(aborted).toBe(0);
      for (const wire of wires) await leave(wire);
      await world.sleep(within);
      expect(aborted).toBe(5);
      expect(server.statistics().connections.open).toBe(0);
      expect(world.errors).toEqual([]);
    }));
});

describe('a response that is produced', () => {
  test.each(QUIET)('ends %s when the shutdown aborts it', (_kind, make) =>
    simulated(async (world) => {
      const { body, ends } = make();
      const server = await world.serve(() => HttpResponse.stream(body));
      const wire = await world.connect();
      await wire.send(GET);
      await wire.head();
      await server.shutdown({ grace: 100 });
      await world.sleep(10);
      expect(ends).toHaveLength(1);
      expect(world.errors).toEqual([]);
    }),
  );

  test('is ended when the client stalls it', () =>
    simulated(async (world) => {
      let ended = 0;
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(1_000_000)),
        cancel: () => {
          ended += 1;
        },
      });
      await world.serve(() => HttpResponse.stream(body));
      const wire = await world.connect();
      await wire.send(GET);
      await world.sleep(60_000);
      expect(ended).toBe(1);
      expect(world.errors).toEqual([]);
    }));

  test('is ended when it is not sent: to HEAD, to CONNECT, behind an upgrade, after the deadline', () =>
    simulated(async (world) => {
      const ended: string[] = [];
      const answer = (path: string): HttpResponse =>
        HttpResponse.stream(
          new ReadableStream<Uint8Array>({
            cancel: () => {
              ended.push(path);
            },
          }),
        );
      await world.serve(
        async (request, context) => {
          if (request.path === '/upgrade') {
            const { stream } = await context.upgrade();
            await stream.close();
          }
          if (request.path === '/late') await world.sleep(1_000);
          return answer(request.method === 'HEAD' ? 'head' : request.path);
        },
        { deadlines: { handler: 500 } },
      );
      const asks = [
        'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n',
        'CONNECT b:1 HTTP/1.1\r\nHost: b:1\r\n\r\n',
        'GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
        get('/late'),
      ];
      for (const ask of asks) {
        const wire = await world.connect();
        await wire.send(ask);
        await wire.head();
        await world.sleep(1_000);
      }
      expect(ended).toEqual(['head', 'b:1', '/upgrade', '/late']);
    }));
});

/** A stream that gives a piece every so many milliseconds, so many times, and ends. */
async function* paced(world: World, milliseconds: number, count: number): AsyncGenerator<string> {
  for (let n = 0; n < count; n += 1) {
    await world.sleep(milliseconds);
    yield `${n};`;
  }
}

describe('a half-closed client', () => {
  test('gets what is produced for it, however long that takes in all', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.stream(paced(world, 9_000, 5)));
      const wire = await world.connect();
      await wire.send(GET);
      await wire.finish();
      expect((await wire.response()).body).toBe('0;1;2;3;4;');
      expect(world.errors).toEqual([]);
    }));

  test('is given up when nothing is produced for deadlines.halfClosed, and that is no error', () =>
    simulated(async (world) => {
      const closed: ServerEvent[] = [];
      const server = await world.serve(() => HttpResponse.stream(paced(world, 3_000, 5)), {
        deadlines: { halfClosed: 1_000 },
        onEvent: (event) => {
          if (event.type === 'connectionClosed') closed.push(event);
        },
      });
      const wire = await world.connect();
      await wire.send(GET);
      await world.sleep(4_000);
      await wire.finish();
      const since = world.now;
      await wire.rest().catch(() => '');
      expect(world.now - since).toBeGreaterThanOrEqual(1_000);
      expect(world.now - since).toBeLessThan(1_100);
      await world.sleep(10);
      expect(server.statistics().connections.open).toBe(0);
      expect(closed).toEqual([
        expect.objectContaining({ reason: 'deadline', deadline: 'halfClosed' }),
      ]);
      expect(world.errors).toEqual([]);
    }));

  test('that reads slowly is not given up by this deadline', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.stream(['x'.repeat(1_000_000)]), {
        deadlines: { halfClosed: 100 },
      });
      const wire = await world.connect();
      await wire.send(GET);
      await wire.finish();
      let length = 0;
      for await (const chunk of wire.stream) {
        length += chunk.length;
        await world.sleep(500);
      }
      expect(length).toBeGreaterThan(1_000_000);
    }));

  test('waits as long as it likes with Infinity', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.stream(paced(world, 100_000, 2)), {
        deadlines: { halfClosed: Infinity },
      });
      const wire = await world.connect();
      await wire.send(GET);
      await wire.finish();
      expect((await wire.response()).body).toBe('0;1;');
    }));

  test('leaves nothing behind, and neither do two hundred of them', () =>
    simulated(async (world) => {
      let ended = 0;
      const server = await world.serve(
        () =>
          HttpResponse.stream(
            new ReadableStream<Uint8Array>({
              start: (controller) => controller.enqueue(Buffer.from('data: hello\n\n')),
              cancel: () => {
                ended += 1;
              },
            }),
          ),
        { maxConnections: 300 },
      );
      for (let n = 0; n < 200; n += 1) {
        const wire = await world.connect();
        await wire.send(GET);
        await wire.stream.readUntil('hello\n\n');
        void wire.close();
      }
      await world.sleep(10_100);
      expect([ended, server.statistics().connections.open]).toEqual([200, 0]);
    }));

  test('over TCP, too', async () => {
    let cancelled: (() => void) | undefined;
    const isCancelled = new Promise<void>((resolve) => (cancelled = resolve));
    let closed: (() => void) | undefined;
    const isClosed = new Promise<void>((resolve) => (closed = resolve));
    const server = await serve(
      () =>
        HttpResponse.stream(
          new ReadableStream<Uint8Array>({
            start: (controller) => controller.enqueue(Buffer.from('one')),
            cancel: () => cancelled?.(),
          }),
        ),
      {
        deadlines: { halfClosed: 20 },
        onEvent: ({ type }) => {
          if (type === 'connectionClosed') closed?.();
        },
      },
    );
    const stream = await TcpStream.connect(server.address as never);
    await stream.writeAll(GET);
    await stream.readUntil('one');
    await stream.close();
    await isCancelled;
    await isClosed;
    expect(server.statistics().connections.open).toBe(0);
    await server.shutdown();
  });
});

describe('request.signal', () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;

  const unanswered: ((response: Response) => void)[] = [];

  test.each<[string, (signals: AbortSignal[]) => Handler | FetchApplication]>([
    [
      'of a fetch application',
      (signals) => ({
        fetch: ({ signal }: Request) => {
          signals.push(signal);
          return new Response(new ReadableStream());
        },
      }),
    ],
    [
      'of a fetch application that has not answered',
      (signals) => ({
        fetch: ({ signal }: Request) => {
          signals.push(signal);
          return new Promise<Response>((resolve) => unanswered.push(resolve));
        },
      }),
    ],
    [
      'of a handler',
      (signals) =>
        ({ signal }) => {
          signals.push(signal);
          return HttpResponse.stream(new ReadableStream());
        },
    ],
  ])('%s aborts once, also after a garbage collection', (_of, make) =>
    simulated(async (world) => {
      const signals: AbortSignal[] = [];
      const aborts: unknown[] = [];
      await world.serve(make(signals));
      const wires = [await world.connect(), await world.connect(), await world.connect()];
      for (const wire of wires) {
        await wire.send(GET);
        await world.sleep(100);
      }
      for (const signal of signals) {
        signal.addEventListener('abort', () => aborts.push(signal.reason));
      }
      for (let n = 0; n < 5; n += 1) {
        await world.sleep(10);
        collectGarbage();
      }
      for (const wire of wires) wire.stream.reset();
      await world.sleep(100);
      expect(aborts).toEqual([1, 2, 3].map(() => expect.any(ClientGoneError)));
      for (const answer of unanswered.splice(0)) answer(new Response());
    }),
  );
});

describe('a reader of a request that leaves', () => {
  test('is over at once, also while a piece is awaited, which ends as well', () =>
    simulated(async (world) => {
      const order: string[] = [];
      await world.serve(async (request) => {
        const pieces = request.body[Symbol.asyncIterator]();
        const first = await pieces.next();
        order.push(`first ${String(first.value?.length)}`);
        const second = pieces.next();
        await pieces.return?.();
        order.push('returned', `pending ${String((await second).done)}`);
        return HttpResponse.text('enough');
      });
      const wire = await world.connect();
      await wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf');
      const answer = await wire.response();
      expect([answer.body, answer.get('connection')]).toEqual(['enough', 'close']);
      expect(world.now).toBeLessThan(100);
      expect(order).toEqual(['first 4', 'returned', 'pending true']);
      expect(await wire.rest()).toBe('');
      expect(world.errors).toEqual([]);
    }));

  test('cancels the body of a fetch Request, too', () =>
    simulated(async (world) => {
      await world.serve({
        fetch: async (request) => {
          const reader = (request.body as ReadableStream<Uint8Array>).getReader();
          await reader.read();
          const second = reader.read();
          await reader.cancel();
          return new Response(String((await second).done));
        },
      });
      const wire = await world.connect();
      await wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf');
      expect((await wire.response()).body).toBe('true');
      expect(world.now).toBeLessThan(100);
    }));

  test('lets a body be echoed to a client that leaves in its middle', () =>
    simulated(async (world) => {
      const server = await world.serve(echo());
      const wire = await world.connect();
      await wire.send(
        'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
      );
      await wire.head();
      wire.stream.reset();
      await world.sleep(100);
      expect(server.statistics().connections.open).toBe(0);
      expect(world.errors).toEqual([]);
    }));
});

describe('the body of a client’s request', () => {
  test.each(QUIET)('ends with the response: %s', (_kind, make) =>
    simulated(async (world) => {
      const { body, ends } = make();
      await world.serve(() => HttpResponse.text('enough', { close: true }));
      const client = world.client();
      const response = await client.post('http://server/', body);
      expect(await response.text()).toBe('enough');
      await world.sleep(10);
      expect(ends).toHaveLength(1);
    }),
  );

  test.each(QUIET)('ends with the request’s abort: %s', (_kind, make) =>
    simulated(async (world) => {
      const { body, ends } = make();
      await world.serve((request) => request.text().then(() => HttpResponse.text('never')));
      const controller = new AbortController();
      const asked = world.client().post('http://server/', body, { signal: controller.signal });
      await world.sleep(100);
      controller.abort(new RangeError('enough'));
      await expect(asked).rejects.toThrow('enough');
      await world.sleep(10);
      expect(ends).toHaveLength(1);
      expect(world.errors).toEqual([]);
    }),
  );

  test.each(QUIET)('ends when the server refuses it before it has begun: %s', (_kind, make) =>
    simulated(async (world) => {
      const { body, ends } = make();
      await world.serve(() => HttpResponse.empty({ status: 413, close: true }));
      const options = { expectContinue: true };
      const response = await world.client().post('http://server/', body, options);
      expect(response.status).toBe(413);
      await world.sleep(10);
      expect(ends).toHaveLength(1);
    }),
  );
});
