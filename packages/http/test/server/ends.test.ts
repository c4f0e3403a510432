/** How long-lived responses end: with their client, by FIN and by reset, with a deadline, and with the shutdown. */
import { describe, expect, test } from '@jest/globals';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { HttpResponse, type ServerEvent } from '../../src/index.ts';
import { QUIET } from '../support/quiet-bodies.ts';
import { simulated } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const get = (path: string): string => GET.replace('/', path);

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
      await world.serve(() => HttpResponse.stream(body), { limits: { writeMinRate: Infinity } });
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
