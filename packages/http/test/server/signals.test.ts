/** Signals of requests, which have to outlive a garbage collection. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { MemoryListener } from '@awaitio/core';
import {
  ClientGoneError,
  HttpResponse,
  serve,
  type FetchApplication,
  type Handler,
} from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('request.signal', () => {
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

describe('server.fetch', () => {
  test('ends a response with the caller’s signal, also after a garbage collection', async () => {
    let cancelled: (() => void) | undefined;
    const isCancelled = new Promise<void>((resolve) => (cancelled = resolve));
    const server = await serve(
      () => HttpResponse.stream(new ReadableStream({ cancel: () => cancelled?.() })),
      { listener: new MemoryListener() },
    );
    const controller = new AbortController();
    const response = await server.fetch('http://test/', { signal: controller.signal });
    for (let n = 0; n < 5; n += 1) {
      await new Promise(setImmediate);
      collectGarbage();
    }
    const text = response.text();
    controller.abort(new RangeError('enough'));
    await expect(text).rejects.toThrow('enough');
    await isCancelled;
    await server.shutdown({ grace: 0 });
  });
});
