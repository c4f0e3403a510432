/** Server-Sent Events over connections that end. */
import { describe, expect, test } from '@jest/globals';
import {
  followEvents,
  HttpResponse,
  HttpStatusError,
  type FollowEventsOptions,
  type Handler,
} from '../../src/index.ts';
import { simulated, type World } from '../support/simulated.ts';

const TYPE = { 'Content-Type': 'text/event-stream; charset=utf-8' };
const stream = (text: string): HttpResponse => HttpResponse.text(text, { headers: TYPE });

interface Asked {
  readonly at: number;
  readonly id: string | undefined;
}

/** Follows the answers of a server in turn, until it ends or fails. */
async function follow(
  world: World,
  answers: readonly Handler[],
  options: FollowEventsOptions = {},
): Promise<{ data: string[]; asked: Asked[]; failure: unknown }> {
  const asked: Asked[] = [];
  await world.serve((request, context) => {
    asked.push({ at: world.now, id: request.headers.get('last-event-id') ?? undefined });
    const answer = answers[asked.length - 1] ?? (() => HttpResponse.empty());
    return answer(request, context);
  });
  const { clock } = world.sim;
  const data: string[] = [];
  let failure: unknown;
  try {
    const events = followEvents(world.client(), 'http://server/', { clock, ...options });
    for await (const event of events) data.push(event.data);
  } catch (error) {
    failure = error;
  }
  return { data, asked, failure };
}

const pauses = (asked: readonly Asked[]): number[] =>
  asked.slice(1).map(({ at }, index) => Math.round((at - (asked[index]?.at ?? 0)) / 100) * 100);

describe('events that are followed', () => {
  test('go on after the last one, as long after an end as the server has said, and end with 204', () =>
    simulated(async (world) => {
      const { data, asked, failure } = await follow(world, [
        () => stream('id: 1\ndata: one\n\nid: 2\ndata: two\n\n'),
        () => stream('retry: 500\n\ndata: three\n\nid: ü\n\n'),
        () => stream('id\ndata: four\n\ndata: cut'),
      ]);
      expect(data).toEqual(['one', 'two', 'three', 'four']);
      expect(asked.map(({ id }) => id)).toEqual([undefined, '2', '\u00c3\u00bc', undefined]);
      expect(pauses(asked)).toEqual([3_000, 500, 500]);
      expect(failure).toBeUndefined();
    }));

  test('connect again after a failure and a busy server, later each time, and no later than they may', () =>
    simulated(async (world) => {
      const busy: Handler = () => HttpResponse.text('busy', { status: 503 });
      const cut: Handler = () =>
        HttpResponse.stream(
          (async function* () {
            yield 'data: one\n\n';
            await world.sleep(10);
            throw new Error('cut');
          })(),
          { headers: TYPE },
        );
      const { data, asked } = await follow(world, [busy, busy, busy, busy, cut, busy], {
        retry: 1_000,
        maxRetry: 4_000,
      });
      expect(data).toEqual(['one']);
      expect(pauses(asked)).toEqual([1_000, 2_000, 4_000, 4_000, 1_000, 2_000]);
    }));

  test('fail after as many connections in a row as may bring none', () =>
    simulated(async (world) => {
      const empty: Handler = () => stream(': nothing\n\nretry: 0\n\n');
      const { asked, failure } = await follow(world, Array<Handler>(9).fill(empty), {
        maxFailures: 3,
      });
      expect(failure).toMatchObject({ code: 'ERR_HTTP_EVENT_STREAM_SILENT' });
      // Not without a pause, whatever the server says.
      expect(pauses(asked)).toEqual([100, 200, 400]);
    }));

  test.each([
    [404, TYPE, 'ERR_HTTP_STATUS_NOT_OK'],
    [500, TYPE, 'ERR_HTTP_STATUS_NOT_OK'],
    [206, TYPE, 'ERR_HTTP_EVENT_STREAM'],
    [200, { 'Content-Type': 'text/html' }, 'ERR_HTTP_EVENT_STREAM'],
    [200, { 'Content-Type': 'text/event-streams' }, 'ERR_HTTP_EVENT_STREAM'],
  ])('fail at once with %i and %j', (status, headers, code) =>
    simulated(async (world) => {
      const { asked, failure } = await follow(world, [
        () => HttpResponse.text('data: x\n\n', { status, headers }),
      ]);
      expect(failure).toMatchObject({ code, request: { method: 'GET', origin: 'http://server' } });
      expect(failure instanceof HttpStatusError).toBe(code === 'ERR_HTTP_STATUS_NOT_OK');
      expect(asked).toHaveLength(1);
    }),
  );

  test('begin where the program says, with its fields', () =>
    simulated(async (world) => {
      let fields: string[][] = [];
      await world.serve((request) => {
        fields = [...request.headers];
        return HttpResponse.empty();
      });
      const headers = { Accept: 'text/event-stream, */*', Authorization: 'Bearer x' };
      const events = followEvents(world.client(), 'http://server/', {
        headers,
        lastEventId: '7',
        clock: world.sim.clock,
      });
      for await (const _event of events);
      expect(fields).toEqual([
        ['Host', 'server'],
        ['Accept', 'text/event-stream, */*'],
        ['Authorization', 'Bearer x'],
        ['Cache-Control', 'no-store'],
        ['Last-Event-ID', '7'],
      ]);
    }));

  test('end with their signal, also between two connections', () =>
    simulated(async (world) => {
      const controller = new AbortController();
      const { signal } = controller;
      world.sim.clock.setTimer(() => {
        controller.abort(new Error('over'));
      }, 1_000);
      const { data, failure } = await follow(world, [() => stream('data: one\n\n')], { signal });
      expect(data).toEqual(['one']);
      expect(String(failure)).toContain('over');
      expect(world.now).toBeLessThan(2_000);
    }));

  test('that are left close their connection', () =>
    simulated(async (world) => {
      await world.serve(() =>
        HttpResponse.stream(
          (async function* () {
            for (;;) {
              yield 'data: again\n\n';
              await world.sleep(10);
            }
          })(),
          { headers: TYPE },
        ),
      );
      const client = world.client();
      for await (const _event of followEvents(client, 'http://server/')) break;
      expect(client.statistics()['http://server']?.open ?? 0).toBe(0);
    }));
});
