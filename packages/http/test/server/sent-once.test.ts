/** Responses and bodies that are returned a second time. */
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { HttpResponse, type FetchApplication, type Handler } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const FAILED = 'The server failed to answer.\n';

describe('what was sent once', () => {
  const bytes = (): ReadableStream<Uint8Array> =>
    new ReadableStream({
      start: (controller) => {
        controller.enqueue(Buffer.from('not here'));
        controller.close();
      },
    });
  const kept = <T>(value: T) => {
    return () => value;
  };

  test.each<[string, () => Handler | FetchApplication]>([
    ['a Response with a text', () => ({ fetch: kept(new Response('not here')) })],
    ['a Response with a stream', () => ({ fetch: kept(new Response(bytes())) })],
    ['an HttpResponse with a ReadableStream', () => kept(HttpResponse.stream(bytes()))],
    [
      'an HttpResponse with a generator',
      () =>
        kept(
          HttpResponse.stream(
            (async function* () {
              yield 'not here';
            })(),
          ),
        ),
    ],
    [
      'an HttpResponse with a stream of Node',
      () => kept(HttpResponse.stream(Readable.from(['not here']))),
    ],
  ])('is a 500 and an error the second time, never an empty 200: %s', (_what, make) =>
    simulated(async (world) => {
      await world.serve(make());
      const wire = await world.connect();
      await wire.send(get('/') + get('/') + get('/'));
      expect((await wire.response()).body).toBe('not here');
      for (let n = 0; n < 2; n += 1) {
        const answer = await wire.response();
        expect([answer.status, answer.body]).toEqual([500, FAILED]);
      }
      const used = expect.objectContaining({ code: 'ERR_BODY_USED' });
      expect(world.errors).toEqual([used, used]);
    }),
  );

  test.each<[string, () => Handler | FetchApplication, string]>([
    ['a Response without a body', () => ({ fetch: kept(new Response(null)) }), ''],
    [
      'a clone of a Response',
      () => {
        const notHere = new Response('not here');
        return { fetch: () => notHere.clone() };
      },
      'not here',
    ],
    ['an HttpResponse with a text', () => kept(HttpResponse.text('not here')), 'not here'],
    ['an HttpResponse with an array', () => kept(HttpResponse.stream(['not here'])), 'not here'],
    ['an HttpResponse without a body', () => kept(HttpResponse.empty({ status: 200 })), ''],
  ])('is sent again where that is possible: %s', (_what, make, body) =>
    simulated(async (world) => {
      await world.serve(make());
      const wire = await world.connect();
      for (let n = 0; n < 3; n += 1) {
        await wire.send(get('/'));
        const answer = await wire.response();
        expect([answer.status, answer.body]).toEqual([200, body]);
      }
      expect(world.errors).toEqual([]);
    }),
  );

  test('or is being sent to another client is a 500', () =>
    simulated(async (world) => {
      const notHere = new Response(new ReadableStream({ pull: () => new Promise(() => {}) }));
      await world.serve({ fetch: () => notHere });
      const first = await world.connect();
      await first.send(get('/'));
      await first.head();
      const second = await world.connect();
      await second.send(get('/'));
      expect((await second.response()).status).toBe(500);
      expect(world.errors).toEqual([expect.objectContaining({ code: 'ERR_BODY_USED' })]);
    }));

  test('a ReadableStream that was read in part is sent from there on', () =>
    simulated(async (world) => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          controller.enqueue(Buffer.from('first '));
          controller.enqueue(Buffer.from('second'));
          controller.close();
        },
      });
      const reader = body.getReader();
      await reader.read();
      reader.releaseLock();
      await world.serve(() => HttpResponse.stream(body));
      const wire = await world.connect();
      await wire.send(get('/'));
      expect((await wire.response()).body).toBe('second');
    }));
});
