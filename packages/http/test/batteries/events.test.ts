import { describe, expect, test } from '@jest/globals';
import { InvalidInputError, memoryPair, MemoryListener } from '@awaitio/core';
import { ManualClock } from '@awaitio/core/testing';
import {
  compress,
  events,
  type EventsOptions,
  type EventsSource,
} from '../../src/batteries/index.ts';
import { serve, type Handler, type HttpResponse } from '../../src/index.ts';
import { ask } from '../support/ask.ts';
import { readEvents } from '../support/event-stream-reader.ts';
import { simulated, type World } from '../support/simulated.ts';
import { text, Wire } from '../support/wire.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** A source that a test pushes into; `log` says how it was treated. */
function manual() {
  const log: string[] = [];
  const queue: IteratorResult<string>[] = [];
  let answer: ((result: IteratorResult<string>) => void) | undefined;
  const give = (result: IteratorResult<string>): void => {
    if (answer === undefined) queue.push(result);
    else answer(result);
    answer = undefined;
  };
  const iterator: AsyncIterator<string> = {
    next: () => {
      log.push('next');
      const ready = queue.shift();
      if (ready !== undefined) return Promise.resolve(ready);
      return new Promise((resolve) => (answer = resolve));
    },
    return: async () => {
      log.push('return');
      return { done: true, value: undefined };
    },
  };
  return {
    log,
    source: { [Symbol.asyncIterator]: () => iterator },
    push: (value: string) => {
      give({ done: false, value });
    },
    end: () => {
      give({ done: true, value: undefined });
    },
  };
}

const piecesOf = (response: HttpResponse): AsyncIterator<string> =>
  response.body as unknown as AsyncIterator<string>;

/** Serves an event stream with the world's clock, and opens it. */
async function open(world: World, source: EventsSource, options: EventsOptions = {}, fields = '') {
  const handler: Handler = (request, context) => events(source, { request, context, ...options });
  const server = await world.serve(handler);
  const wire = await world.connect();
  await wire.send(GET.replace('\r\n\r\n', `\r\n${fields}\r\n`));
  return { server, wire, head: await wire.head() };
}

const shown = (bytes: Uint8Array | null): string => text(bytes ?? new Uint8Array(0));
const chunk = (piece: string): string => `${piece.length.toString(16)}\r\n${piece}\r\n`;

describe('events', () => {
  test('is a response of text/event-stream that no cache keeps and no proxy holds back', async () => {
    const answer = await ask(() => events([{ id: '1', data: 'a\nb' }, 'c']));
    expect(answer.status).toBe(200);
    expect(answer.headers.toArray()).toEqual(
      expect.arrayContaining([
        ['content-type', 'text/event-stream'],
        ['cache-control', 'no-store'],
        ['x-accel-buffering', 'no'],
      ]),
    );
    expect(readEvents([answer.bytes])).toEqual({
      events: [
        { type: 'message', data: 'a\nb', lastEventId: '1' },
        { type: 'message', data: 'c', lastEventId: '1' },
      ],
      lastEventId: '1',
      retry: undefined,
    });
  });

  test('has the fields that it is given, also in place of its own', async () => {
    const headers = { 'cache-control': 'no-cache', 'X-A': '1' };
    const answer = await ask(() => events([], { headers, retry: 5_000 }));
    expect(answer.headers.getAll('cache-control')).toEqual(['no-cache']);
    expect(answer.headers.get('x-a')).toBe('1');
    expect(answer.text).toBe('retry: 5000\n\n');
  });

  test.each([
    ['no', undefined],
    ['a plain', '7'],
    ['an empty', ''],
    ['an id beyond ASCII as', 'ü-€'],
  ])('gives a function %s id', async (_what, id) => {
    const seen: unknown[] = [];
    const handler: Handler = (request) =>
      events(
        async function* (lastEventId, { signal }) {
          seen.push(lastEventId, signal.aborted);
          yield 'x';
        },
        { request },
      );
    const value = id === undefined ? undefined : Buffer.from(id).toString('latin1');
    await ask(handler, { headers: value === undefined ? {} : { 'Last-Event-ID': value } });
    expect(seen).toEqual([id, false]);
  });

  test('does not call the function for HEAD, and closes an iterable', async () => {
    let calls = 0;
    const { source, log } = manual();
    const lazy = () => {
      calls += 1;
      return [];
    };
    await ask(() => events(lazy), { method: 'HEAD' });
    await ask(() => events(source), { method: 'HEAD' });
    expect([calls, log]).toEqual([0, ['return']]);
  });

  test('asks for an event only when the client has taken the one before', async () => {
    const { source, log, push } = manual();
    const pieces = piecesOf(events(source, { clock: new ManualClock() }));
    expect(log).toEqual([]);
    push('a');
    push('b');
    expect((await pieces.next()).value).toBe('data: a\n\n');
    expect(log).toEqual(['next']);
    expect((await pieces.next()).value).toBe('data: b\n\n');
    await pieces.return?.();
    expect(log).toEqual(['next', 'next', 'return']);
  });

  test('sends a comment after each silence, and loses no event by it', () =>
    simulated(async (world) => {
      const { source, push, end, log } = manual();
      const { wire } = await open(world, source, { heartbeat: 1_000 });
      for (const from of [world.now]) {
        expect(text(await wire.stream.readExactly(8))).toBe(chunk(':\n\n'));
        expect(text(await wire.stream.readExactly(8))).toBe(chunk(':\n\n'));
        expect(world.now - from).toBeGreaterThanOrEqual(1_999);
        expect(world.now - from).toBeLessThan(2_010);
      }
      await world.sleep(900);
      push('a');
      await world.sleep(900);
      push('b');
      await world.sleep(10);
      end();
      expect(await wire.stream.readUntil('0\r\n\r\n').then(shown)).toBe(
        `${chunk('data: a\n\n')}${chunk('data: b\n\n')}0\r\n\r\n`,
      );
      expect(log).toEqual(['next', 'next', 'next']);
    }));

  test('sends none without a heartbeat', () =>
    simulated(async (world) => {
      const { source, end } = manual();
      const { wire } = await open(world, source, { heartbeat: Infinity });
      await world.sleep(120_000);
      end();
      expect(await wire.stream.readUntil('\r\n\r\n').then(shown)).toBe('0\r\n\r\n');
    }));

  test.each(['FIN', 'RST'])('closes its source when the client leaves by %s', (how) =>
    simulated(async (world) => {
      const { source, log } = manual();
      let signal: AbortSignal | undefined;
      const begin: EventsSource = (_id, options) => {
        signal = options.signal;
        return source;
      };
      const { wire } = await open(world, begin, { heartbeat: Infinity });
      await world.sleep(100);
      expect(log).toEqual(['next']);
      if (how === 'FIN') await wire.close();
      else wire.stream.reset();
      await world.sleep(10);
      expect(log).toEqual(['next', 'return']);
      expect(signal?.aborted).toBe(true);
      expect(world.errors).toEqual([]);
    }),
  );

  test('ends with the shutdown, which tells when to come back and waits for nothing', () =>
    simulated(async (world) => {
      const { source, log } = manual();
      const { server, wire } = await open(world, source);
      const other = await world.connect();
      await other.send(GET);
      await other.head();
      const since = world.now;
      const report = server.shutdown({ grace: 60_000 });
      for (const one of [wire, other]) {
        expect(await one.rest()).toBe(`${chunk('retry: 1000\n\n')}0\r\n\r\n`);
        await one.close();
      }
      expect(await report).toMatchObject({ aborted: [] });
      expect(world.now - since).toBeLessThan(1_000);
      expect(log.filter((call) => call === 'return')).toHaveLength(2);
    }));

  test('tells its own retry at the beginning and at the shutdown', () =>
    simulated(async (world) => {
      const { server, wire } = await open(world, manual().source, { retry: 250 });
      const report = server.shutdown();
      const told = chunk('retry: 250\n\n');
      expect(await wire.rest()).toBe(`${told}${told}0\r\n\r\n`);
      await wire.close();
      await report;
    }));

  test('goes on during the lame duck, when clients would come back to this server', () =>
    simulated(async (world) => {
      const { source, push } = manual();
      const { server, wire } = await open(world, source);
      const report = server.shutdown({ lameDuck: 5_000 });
      await world.sleep(4_000);
      push('still here');
      expect(await wire.rest()).toBe(
        `${chunk('data: still here\n\n')}${chunk('retry: 1000\n\n')}0\r\n\r\n`,
      );
      await wire.close();
      await report;
    }));

  test('fails as every body does when its source fails', () =>
    simulated(async (world) => {
      const error = new Error('the source failed');
      const failing: EventsSource = async function* () {
        yield 'a';
        throw error;
      };
      await world.serve((_request, context) => events(failing, { context }));
      const wire = await world.connect();
      await wire.send(GET);
      await wire.rest().catch(() => {});
      await world.sleep(10);
      expect(world.errors).toEqual([error]);
    }));

  test('closes its source when an event cannot be written, and sends nothing of it', async () => {
    const log: string[] = [];
    const iterator = {
      next: () => ({ done: false, value: { data: 'x', id: '1\ndata: injected' } }),
      return: () => log.push('return'),
    };
    const pieces = piecesOf(events({ [Symbol.iterator]: () => iterator } as never));
    await expect(pieces.next()).rejects.toThrow('expected `id` to be a string without line breaks');
    expect(log).toEqual(['return']);
    expect(await pieces.next()).toEqual({ done: true, value: undefined });
  });

  test('refuses a function that returns a promise, and no error of it is lost', async () => {
    const pieces = piecesOf(events((async () => []) as never));
    await expect(pieces.next()).rejects.toBeInstanceOf(InvalidInputError);
  });

  test('leaves no timer and no listener, whatever ends it', async () => {
    for (const how of ['reader', 'source', 'drain'] as const) {
      const clock = new ManualClock();
      let armed = 0;
      const setTimer: ManualClock['setTimer'] = (callback, delay) => {
        const timer = clock.setTimer(callback, delay);
        armed += 1;
        let isArmed = true;
        const cancel = (): void => {
          if (isArmed) armed -= 1;
          isArmed = false;
          timer.cancel();
        };
        return { cancel, unref: () => {} };
      };
      const counted = { setTimer } as unknown as ManualClock;
      const draining = new AbortController();
      const context = { drainSignal: draining.signal, clock: counted };
      const { source, push, end, log } = manual();
      const pieces = piecesOf(events(source, { context, heartbeat: 50 }));
      const waiting = pieces.next();
      await turn();
      expect(armed).toBe(1);
      push('a');
      expect([(await waiting).value, armed]).toEqual(['data: a\n\n', 0]);
      const late = pieces.next();
      await turn();
      if (how === 'reader') await pieces.return?.();
      else if (how === 'source') end();
      else draining.abort();
      const told = how === 'drain' ? 'retry: 1000\n\n' : undefined;
      expect([(await late).value, armed]).toEqual([told, 0]);
      expect((await pieces.next()).done).toBe(true);
      draining.abort();
      expect(log).toEqual(how === 'source' ? ['next', 'next'] : ['next', 'next', 'return']);
    }
  });
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('events in compress', () => {
  test('arrive one by one', async () => {
    const { source, push, end } = manual();
    const handler = compress((request) => events(source, { request }));
    push('a');
    push('b');
    end();
    const answer = await ask(handler, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.text).toBe('data: a\n\ndata: b\n\n');
  });

  test('close their source when the client leaves', async () => {
    const { source, log, push } = manual();
    const server = await serve(
      compress((request) => events(source, { request })),
      { listener: new MemoryListener() },
    );
    const [near, far] = memoryPair();
    server.serveStream(far);
    const wire = new Wire(near);
    await wire.send(GET.replace('\r\n\r\n', '\r\nAccept-Encoding: br\r\n\r\n'));
    expect(await wire.head()).toContain('Content-Encoding: br');
    push('a');
    await wire.stream.readable();
    await wire.close();
    while (!log.includes('return')) await turn();
    await server.shutdown();
  });
});
