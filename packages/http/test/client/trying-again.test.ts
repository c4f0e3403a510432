/** Retries, on demand: which failures and statuses, after which pauses, and never what may not be sent twice. */
import { describe, expect, test } from '@jest/globals';
import { AddressError, BrokenError, seededRandom } from '@awaitio/core';
import { RetryError } from '@awaitio/core/sync';
import { failureOf } from '../../../core/test/support/failure-of.ts';
import {
  failedRequestOf,
  HttpResponse,
  type ClientRetryOptions,
  type HttpClient,
  type RequestOptions,
} from '../../src/index.ts';
import { simulated, type World } from '../support/simulated.ts';

const URL_ = 'http://server/';

/** Serves these statuses, one after another, the last one for ever; says when it was asked. */
async function serveStatuses(
  world: World,
  statuses: readonly number[],
  headers: Record<string, string> = {},
): Promise<number[]> {
  const times: number[] = [];
  await world.serve(async (request) => {
    await request.bytes();
    times.push(world.now);
    const status = statuses[Math.min(times.length, statuses.length) - 1] ?? 200;
    return HttpResponse.text(`answer ${times.length}`, { status, headers });
  });
  return times;
}

const client = (world: World, retry: ClientRetryOptions): HttpClient =>
  world.client({ retry, random: seededRandom(1) });

describe('a request that is tried again', () => {
  test.each([408, 429, 502, 503, 504])('after %i succeeds, with its attempts', (status) =>
    simulated(async (world) => {
      const times = await serveStatuses(world, [status, status, 200]);
      const response = await client(world, {}).get(URL_);
      expect([response.status, response.attempts, await response.text()]).toEqual([
        200,
        3,
        'answer 3',
      ]);
      const [first = 0, second = 0, third = 0] = times;
      expect(second - first).toBeGreaterThanOrEqual(50);
      expect(third - second).toBeGreaterThanOrEqual(100);
    }),
  );

  test.each([400, 404, 500, 501])('is none after %i', (status) =>
    simulated(async (world) => {
      const times = await serveStatuses(world, [status]);
      expect((await client(world, {}).get(URL_)).status).toBe(status);
      expect(times).toHaveLength(1);
    }),
  );

  test('gives the last response when the attempts are used up, its body unread', () =>
    simulated(async (world) => {
      await serveStatuses(world, [503]);
      const response = await client(world, { attempts: 2 }).get(URL_);
      expect([response.status, await response.text()]).toEqual([503, 'answer 2']);
    }));

  test('waits as long as Retry-After says, in seconds', () =>
    simulated(async (world) => {
      const times = await serveStatuses(world, [503, 200], { 'Retry-After': '7' });
      await client(world, {}).get(URL_);
      expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(7_000);
    }));

  test('waits until the date that Retry-After says', () =>
    simulated(async (world) => {
      const date = new Date(Math.ceil(world.sim.clock.wallTime() / 1_000) * 1_000 + 5_000);
      const times = await serveStatuses(world, [503, 200], { 'Retry-After': date.toUTCString() });
      await client(world, {}).get(URL_);
      expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(4_900);
    }));

  test.each<[Record<string, string>, ClientRetryOptions, number]>([
    [{ 'Retry-After': '11' }, {}, 1],
    [{ 'Retry-After': '11' }, { maxDelay: 12_000 }, 2],
    [{ 'Retry-After': '11' }, { respectRetryAfter: false }, 2],
    [{ 'Retry-After': 'soon' }, {}, 2],
    [{}, { statuses: [500] }, 1],
  ])('%j with %j is sent %i times', (headers, retry, count) =>
    simulated(async (world) => {
      const times = await serveStatuses(world, [503, 200], headers);
      const response = await client(world, retry).get(URL_);
      expect(times).toHaveLength(count);
      expect(response.status).toBe(count === 1 ? 503 : 200);
    }),
  );

  test.each<[string, string, RequestOptions, number]>([
    ['a POST', 'POST', { body: 'x' }, 1],
    [
      'a POST with an Idempotency-Key',
      'POST',
      { body: 'x', headers: { 'Idempotency-Key': 'k' } },
      2,
    ],
    ['a PUT of a stream', 'PUT', { body: ['x'] }, 1],
    ['a PUT of a function', 'PUT', { body: () => ['x'] }, 2],
    ['a PUT', 'PUT', { body: 'x' }, 2],
  ])('%s', (_what, method, options, count) =>
    simulated(async (world) => {
      const times = await serveStatuses(world, [503, 200]);
      await client(world, {}).request(method, URL_, options);
      expect(times).toHaveLength(count);
    }),
  );

  test('when no connection comes about is any request, since nothing was sent', () =>
    simulated(async (world) => {
      world.sim.host('server');
      const failing = client(world, { attempts: 3 }).post(URL_, 'x');
      const error = await failureOf(failing);
      expect(error).toBeInstanceOf(RetryError);
      expect((error as RetryError).errors).toHaveLength(3);
      expect((error as RetryError).cause).toBeInstanceOf(AddressError);
      expect(failedRequestOf(error)).toMatchObject({ phase: 'connect', isReplayable: true });
    }));

  test('when its connection breaks is none that may not be sent twice', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const failing = failureOf(client(world, {}).post(URL_, 'x'));
      const wire = await server.accept();
      await wire.head();
      wire.stream.reset();
      expect(await failing).toBeInstanceOf(BrokenError);
    }));

  test('ends with its signal, in a pause too', () =>
    simulated(async (world) => {
      await serveStatuses(world, [503], { 'Retry-After': '5' });
      const controller = new AbortController();
      const failing = failureOf(client(world, {}).get(URL_, { signal: controller.signal }));
      await world.sleep(1_000);
      controller.abort(new RangeError('enough'));
      expect(await failing).toEqual(new RangeError('enough'));
      expect(world.now).toBeLessThan(1_100);
    }));

  test('ends with the deadline of the whole request', () =>
    simulated(async (world) => {
      await serveStatuses(world, [503], { 'Retry-After': '5' });
      const error = await failureOf(client(world, {}).get(URL_, { timeout: 2_000 }));
      expect(error).toMatchObject({ operation: 'request', timeout: 2_000 });
    }));

  test('is so for one request alone, or not', () =>
    simulated(async (world) => {
      const times = await serveStatuses(world, [503]);
      await world.client().get(URL_, { retry: { attempts: 2, backoff: 1 } });
      expect(times).toHaveLength(2);
      await client(world, {}).get(URL_, { retry: false });
      expect(times).toHaveLength(3);
    }));
});

describe('a call that was redirected', () => {
  /** Redirects `/` to `/next`, which is answered with 503, or whose connection breaks. Says what has arrived. */
  async function serveRedirect(world: World, isBroken: boolean): Promise<string[]> {
    const arrived: string[] = [];
    await world.serve(async (request) => {
      arrived.push(`${request.method} ${request.path}`);
      await request.bytes();
      if (request.path === '/')
        return HttpResponse.empty({ status: 303, headers: { Location: '/next' } });
      if (!isBroken) return HttpResponse.text('busy', { status: 503 });
      async function* broken(): AsyncGenerator<string> {
        yield 'ab';
        await world.sleep(5);
        throw new Error('broken');
      }
      return HttpResponse.stream(broken(), { length: 5 });
    });
    return arrived;
  }

  const POST_ONCE = ['POST /', 'GET /next'];
  const PUT_ONCE = ['PUT /', 'GET /next'];

  test.each<[string, string, RequestOptions, string[]]>([
    ['a POST is none', 'POST', { body: 'x' }, POST_ONCE],
    ['a stream is none', 'PUT', { body: ['x'] }, PUT_ONCE],
    ['a PUT is one', 'PUT', { body: 'x' }, [...PUT_ONCE, ...PUT_ONCE]],
    [
      'a POST with a key is one',
      'POST',
      { body: 'x', headers: { 'Idempotency-Key': '1' } },
      [...POST_ONCE, ...POST_ONCE],
    ],
  ])('is tried again by what it was in the beginning: %s', (_what, method, options, expected) =>
    simulated(async (world) => {
      const arrived = await serveRedirect(world, false);
      const response = await client(world, { attempts: 2 }).request(method, URL_, options);
      expect([response.status, arrived]).toEqual([503, expected]);
    }),
  );

  test('fails with an error that says whether all of it may be sent again', () =>
    simulated(async (world) => {
      const arrived = await serveRedirect(world, true);
      for (const [method, isReplayable] of [
        ['POST', false],
        ['PUT', true],
      ] as const) {
        const response = await world.client().request(method, URL_, { body: 'x' });
        const error = await failureOf(response.text());
        expect(failedRequestOf(error)).toMatchObject({ method: 'GET', isReplayable });
      }
      expect(arrived).toEqual([...POST_ONCE, ...PUT_ONCE]);
    }));
});
