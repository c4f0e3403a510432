import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { memoryPair, MemoryListener } from '@awaitio/core';
import { ManualClock } from '@awaitio/core/testing';
import { compress, events, type EventsSource } from '../../src/batteries/index.ts';
import { serve } from '../../src/index.ts';
import { ask } from '../support/ask.ts';
import { chunk, GET, manual, open, piecesOf, turn } from '../support/manual-events.ts';
import { simulated } from '../support/simulated.ts';
import { Wire } from '../support/wire.ts';

describe('an event stream', () => {
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

  test('leaves no timer, and closes its source once, whatever ends it', async () => {
    for (const how of ['reader', 'source', 'drain'] as const) {
      const clock = new ManualClock();
      const draining = new AbortController();
      const context = { drainSignal: draining.signal, clock };
      const { source, push, end, log } = manual();
      const pieces = piecesOf(events(source, { context, heartbeat: 50 }));
      const waiting = pieces.next();
      await turn();
      expect(clock.pending).toBe(1);
      push('a');
      expect([(await waiting).value, clock.pending]).toEqual(['data: a\n\n', 0]);
      const late = pieces.next();
      await turn();
      if (how === 'reader') await pieces.return?.();
      else if (how === 'source') end();
      else draining.abort();
      const told = how === 'drain' ? 'retry: 1000\n\n' : undefined;
      expect([(await late).value, clock.pending]).toEqual([told, 0]);
      expect((await pieces.next()).done).toBe(true);
      draining.abort();
      expect(log).toEqual(how === 'source' ? ['next', 'next'] : ['next', 'next', 'return']);
    }
  });

  test('is not kept by the server when its client has left', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const drainSignal = new AbortController().signal;
    const context = { drainSignal, clock: new ManualClock() };
    const left = await (async () => {
      const pieces = piecesOf(events(manual().source, { context }));
      const waiting = pieces.next();
      await turn();
      await pieces.return?.();
      await waiting;
      return new WeakRef(pieces);
    })();
    for (let round = 0; round < 50 && left.deref() !== undefined; round += 1) {
      await turn();
      collect();
    }
    expect(left.deref()).toBeUndefined();
    expect(drainSignal.aborted).toBe(false);
  });
});

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
