import { describe, expect, test } from '@jest/globals';
import { InvalidInputError } from '@awaitio/core';
import { ManualClock } from '@awaitio/core/testing';
import { events } from '../../src/batteries/index.ts';
import type { Handler } from '../../src/index.ts';
import { ask } from '../support/ask.ts';
import { readEvents } from '../support/event-stream-reader.ts';
import { chunk, manual, open, piecesOf } from '../support/manual-events.ts';
import { simulated } from '../support/simulated.ts';
import { text } from '../support/wire.ts';

const shown = (bytes: Uint8Array | null): string => text(bytes ?? new Uint8Array(0));

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

  test('has the fields that it is given, also in place of the usual ones', async () => {
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
});
