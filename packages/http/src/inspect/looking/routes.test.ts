import { describe, expect, test } from '@jest/globals';
import { InetAddress } from '@awaitio/core';
import type { FinishedRequest } from '../../observing/finished.ts';
import { Recorder, type RecordedEvent } from './recorder.ts';
import { Refusals } from './refusals.ts';
import { Routes, type Finish } from './routes.ts';

const request = (
  target: string,
  duration: number,
  more: Partial<Finish & { readonly route: string }> = {},
): [FinishedRequest, Finish] => [
  {
    head: { method: 'GET', target },
    connectionId: 1,
    remoteAddress: new InetAddress('10.0.0.7', 1),
    route: more.route,
  },
  { status: 200, isComplete: true, duration, clock: { now: () => 0 }, ...more },
];

describe('the latencies of routes', () => {
  test('are counted in buckets, with quantiles no lower than the durations', () => {
    const routes = new Routes();
    for (let duration = 1; duration <= 100; duration += 1) routes.add(...request('/a', duration));
    const [route] = routes.models();
    expect(route).toMatchObject({ method: 'GET', route: '/a', count: 100, failed: 0, max: 100 });
    expect([route?.p50, route?.p90, route?.p99]).toEqual([50, 100, 100]);
    expect(route?.buckets.map(({ count }) => count).reduce((sum, count) => sum + count)).toBe(100);
  });

  test('keep the slowest and the last failed request of each bucket', () => {
    const routes = new Routes();
    routes.add(...request('/a', 30));
    routes.add(...request('/a', 40));
    routes.add(...request('/a', 35, { status: 500 }));
    routes.add(...request('/a', 0.2, { status: 0, isComplete: false }));
    const buckets = routes.models()[0]?.buckets.filter(({ count }) => count > 0);
    expect(buckets).toEqual([
      {
        upTo: 1,
        count: 1,
        slowest: expect.anything(),
        failed: expect.objectContaining({ status: 0 }),
      },
      {
        upTo: 50,
        count: 3,
        slowest: expect.objectContaining({ duration: 40 }),
        failed: expect.objectContaining({ status: 500, duration: 35 }),
      },
    ]);
    expect(routes.failures.map(({ status }) => status)).toEqual([0, 500]);
  });

  test('are those that handlers name, else paths without queries and ids', () => {
    const routes = new Routes();
    for (const id of [1, 2, 3]) routes.add(...request(`/items/${id}?key=${id}`, 1));
    for (const id of [1, 2]) routes.add(...request(`/a/${id}`, 1, { route: '/a/{name}' }));
    routes.add(...request('/a/1', 1));
    expect(routes.models().map(({ route, count }) => [route, count])).toEqual([
      ['/items/:id', 3],
      ['/a/{name}', 2],
      ['/a/:id', 1],
    ]);
  });

  test('are bounded, whatever paths clients invent, and lose no request', () => {
    const routes = new Routes();
    const name = (at: number): string =>
      `/p-${String.fromCodePoint(97 + (at % 26))}${'x'.repeat(at / 26)}`;
    for (let at = 0; at < 5_000; at += 1) routes.add(...request(name(at), 1, { status: 500 }));
    const models = routes.models();
    expect(models.length).toBeLessThanOrEqual(201);
    expect(models.reduce((sum, { count }) => sum + count, 0)).toBe(5_000);
    expect(routes.failures).toHaveLength(50);
  });
});

describe('refusals', () => {
  test('are counted by cause, with the rule, its section and the last peers', () => {
    const refusals = new Refusals();
    for (let port = 1; port <= 9; port += 1) {
      refusals.add('ERR_HTTP_HOST', 400, `10.0.0.7:${port}`, port);
    }
    refusals.add('ERR_HTTP_HEADERS_TOO_LARGE', 431, '10.0.0.8:1', 10);
    expect(refusals.models()).toMatchObject([
      { cause: 'ERR_HTTP_HEADERS_TOO_LARGE', section: '', count: 1 },
      {
        cause: 'ERR_HTTP_HOST',
        section: 'RFC 9112 section 3.2',
        status: 400,
        count: 9,
        firstAt: 1,
        lastAt: 9,
        peers: ['10.0.0.7:9', '10.0.0.7:8', '10.0.0.7:7', '10.0.0.7:6', '10.0.0.7:5'],
      },
    ]);
  });

  test('are bounded in causes', () => {
    const refusals = new Refusals();
    for (let at = 0; at < 1_000; at += 1) refusals.add(`CODE_${at}`, 400, 'a', at);
    expect(refusals.models()).toHaveLength(64);
  });
});

describe('a recorder', () => {
  const at = (moment: number): RecordedEvent => ({
    type: 'refused',
    at: moment,
    lane: '#1',
    cause: 'x',
    status: 400,
  });
  const moments = (recorder: Recorder): number[] =>
    recorder.save({} as never).events.map((event) => event.at);

  test('keeps its time and no more', () => {
    const recorder = new Recorder(100);
    for (let moment = 0; moment <= 1_000; moment += 10) recorder.add(at(moment));
    expect(moments(recorder)).toEqual([900, 910, 920, 930, 940, 950, 960, 970, 980, 990, 1_000]);
  });

  test('takes some of very many requests, from all of its time, and those that failed or were slow before others', () => {
    const recorder = new Recorder(60_000);
    const taken: Record<string, number> = {};
    for (let second = 0; second < 100; second += 1) {
      for (let each = 0; each < 1_000; each += 1) {
        const kind = each % 500 === 0 ? 'failed' : each % 500 === 1 ? 'slow' : 'other';
        const moment = second * 1_000 + each;
        if (!recorder.takes({ now: () => moment }, kind === 'failed', kind === 'slow' ? 150 : 1))
          continue;
        recorder.add(at(moment));
        taken[kind] = (taken[kind] ?? 0) + 1;
      }
    }
    expect(taken).toEqual({ failed: 200, slow: 200, other: 16_600 });
    const { leftOut, events } = recorder.save({} as never);
    // A minute before the last one that was added.
    expect(events[0]?.at).toBe(39_501);
    expect(leftOut).toBe(61 * (1_000 - 170));
  });

  test('takes each request that failed or was slow after a second with too many of them', () => {
    const recorder = new Recorder(60_000);
    for (let each = 0; each < 500; each += 1) recorder.takes({ now: () => 0 }, true, 1);
    for (const moment of [5_000, 7_000, 9_000]) {
      expect(recorder.takes({ now: () => moment }, true, 1)).toBe(true);
      expect(recorder.takes({ now: () => moment }, false, 150)).toBe(true);
    }
  });

  test('keeps 20,000 events, however many there are in its time', () => {
    const recorder = new Recorder(60_000);
    for (let moment = 0; moment < 50_000; moment += 1) recorder.add(at(moment / 1_000));
    const kept = moments(recorder);
    expect(kept).toHaveLength(20_000);
    expect(kept.at(-1)).toBe(49.999);
  });
});
