/** A client that leaves before its response is complete. */

import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from '@jest/globals';
import { ClientGoneError, HttpResponse } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';
import { GET } from './requests.ts';

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
