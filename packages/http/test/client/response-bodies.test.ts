/** The body of a response, as a client reads it. */

import { describe, expect, test } from '@jest/globals';
import { BrokenError, LimitError, TimeoutError } from '@awaitio/core';
import { HttpResponse, RemoteProtocolError, type ClientResponse } from '../../src/index.ts';
import type { Wire } from '../support/wire.ts';
import { simulated } from '../support/simulated.ts';
import { URL_, pattern } from './bodies.ts';

/** Pieces, each after a wait. */
async function* slowly(pieces: readonly string[], wait: () => Promise<void>) {
  for (const piece of pieces) {
    await wait();
    yield piece;
  }
}

/** Reads a head and as many bytes of body as it announces. */
async function request(wire: Wire): Promise<{ head: string; body: string }> {
  const head = await wire.head();
  const length = Number(/^content-length: (\d+)\r$/im.exec(head)?.[1] ?? 0);
  return { head, body: Buffer.from(await wire.stream.readExactly(length)).toString() };
}

describe('the body of a response', () => {
  /** Answers one request with these bytes. */
  const answered = async (
    world: Parameters<Parameters<typeof simulated>[0]>[0],
    bytes: string,
    ends: 'stays' | 'ends' | 'resets' = 'stays',
  ): Promise<ClientResponse> => {
    const server = await world.listen();
    const answer = world.client().get(URL_);
    const wire = await server.accept();
    await request(wire);
    await wire.send(bytes);
    if (ends === 'ends') await wire.finish();
    if (ends === 'resets') {
      await world.sleep(10);
      wire.stream.reset();
    }
    return answer;
  };

  test.each<[string, string, 'ends' | 'resets', unknown]>([
    ['a length, and ends', 'Content-Length: 10\r\n\r\n12345', 'ends', RemoteProtocolError],
    ['a length, and resets', 'Content-Length: 10\r\n\r\n12345', 'resets', BrokenError],
    [
      'chunks, and ends',
      'Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n',
      'ends',
      RemoteProtocolError,
    ],
    [
      'chunks, and ends in one',
      'Transfer-Encoding: chunked\r\n\r\n9\r\n12345',
      'ends',
      RemoteProtocolError,
    ],
    [
      'chunks without the last line',
      'Transfer-Encoding: chunked\r\n\r\n0\r\n',
      'ends',
      RemoteProtocolError,
    ],
    ['no length, and resets', '\r\n12345', 'resets', BrokenError],
    ['a bad chunk', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n', 'ends', RemoteProtocolError],
  ])('is no short result but an error when it has %s', (_what, rest, how, error) =>
    simulated(async (world) => {
      let failure: unknown;
      try {
        const response = await answered(world, `HTTP/1.1 200 OK\r\n${rest}`, how);
        await response.text();
      } catch (caught) {
        failure = caught;
      }
      expect(failure).toBeInstanceOf(error);
    }),
  );

  test('gives its trailers after its end', () =>
    simulated(async (world) => {
      const response = await answered(
        world,
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n',
      );
      expect(await response.text()).toBe('ok');
      expect(response.trailers?.get('x-sum')).toBe('1');
    }));

  test('is taken from the server only as fast as it is read', () =>
    simulated(async (world) => {
      let made = 0;
      await world.serve(() =>
        HttpResponse.stream(
          (function* () {
            for (; made < 100; made += 1) yield pattern(10_000);
          })(),
        ),
      );
      const response = await world.client().get(URL_);
      await world.sleep(1_000);
      expect(made).toBeLessThan(60);
      let size = 0;
      for await (const piece of response.body) size += piece.length;
      expect(size).toBe(1_000_000);
    }));

  test('is read in both directions at once when the server streams a request back', () =>
    simulated(async (world) => {
      await world.serve((incoming) => HttpResponse.stream(incoming.body));
      const log: string[] = [];
      const turn: { next: () => void } = { next: () => {} };
      const response = await world.client().post(
        URL_,
        slowly(['one', 'two', 'three'], () => {
          log.push('sends');
          return log.length === 1
            ? Promise.resolve()
            : new Promise((resolve) => (turn.next = resolve));
        }),
      );
      for await (const piece of response.body) {
        log.push(Buffer.from(piece).toString());
        turn.next();
      }
      expect(log).toEqual(['sends', 'sends', 'one', 'sends', 'two', 'three']);
    }));

  test('above the limit of what is collected gives the connection up', () =>
    simulated(async (world) => {
      await world.serve((incoming) =>
        incoming.path === '/chunks'
          ? HttpResponse.stream(['x'.repeat(100_000)])
          : HttpResponse.text('x'.repeat(100_000)),
      );
      const client = world.client();
      for (const path of ['', 'chunks']) {
        const response = await client.get(URL_ + path);
        await expect(response.bytes({ limit: 10_000 })).rejects.toBeInstanceOf(LimitError);
        expect(client.statistics()['http://server']?.open).toBe(0);
        const again = await client.get(URL_ + path);
        expect((await again.bytes()).length).toBe(100_000);
      }
    }));

  test('above the limit of the protocol fails', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.stream(['x'.repeat(600), 'x'.repeat(600)]));
      const client = world.client({ limits: { bodyBytes: 1_000 } });
      const failure = (async () => (await client.get(URL_)).bytes())();
      await expect(failure).rejects.toMatchObject({ code: 'ERR_HTTP_BODY_TOO_LARGE' });
    }));

  test('that no one reads to the end gives its connection up: by leaving the loop, or discarding', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.stream(['x'.repeat(500_000)], { length: 500_000 }));
      const client = world.client();
      const left = await client.get(URL_);
      for await (const piece of left.body) {
        expect(piece.length).toBeGreaterThan(0);
        break;
      }
      expect(client.statistics()['http://server']?.open).toBe(0);
      const discarded = await client.get(URL_);
      discarded.discard();
      expect(client.statistics()['http://server']?.open).toBe(0);
    }));

  test('does not run out of time while its reader takes its time', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.stream(['x'.repeat(300_000), 'y']));
      const response = await world.client({ deadlines: { body: 1_000 } }).get(URL_);
      await world.sleep(5_000);
      let size = 0;
      for await (const piece of response.body) {
        size += piece.length;
        await world.sleep(2_000);
      }
      expect(size).toBe(300_001);
    }));

  test('runs out of time when the server takes too long with its next piece', () =>
    simulated(async (world) => {
      await world.serve(() =>
        HttpResponse.stream(slowly(['one', 'two'], () => world.sleep(3_000))),
      );
      const response = await world.client({ deadlines: { body: 1_000 } }).get(URL_);
      const since = world.now;
      const failure = await response.text().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(TimeoutError);
      expect(failure).toMatchObject({ operation: 'body' });
      expect(world.now - since).toBeGreaterThanOrEqual(1_000);
      expect(world.now - since).toBeLessThan(1_100);
    }));
});
