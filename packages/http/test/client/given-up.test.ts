/** Requests that are given up in any moment: by their signal, their scope, or the end of their client. Nothing stays open. */
import { describe, expect, test } from '@jest/globals';
import { memoryPair, timeout, TimeoutError, type ByteStream } from '@awaitio/core';
import { deferred } from '@awaitio/core/lowlevel';
import { ManualClock } from '@awaitio/core/testing';
import { failureOf } from '../../../core/test/support/failure-of.ts';
import { HttpClient } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';
import { Wire } from '../support/wire.ts';

const URL_ = 'http://server/';

async function microtasks(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await Promise.resolve();
}

/** A connection that comes when the test says so. */
function pendingConnection() {
  const gate = deferred<ByteStream>();
  const [near] = memoryPair();
  return { near, connect: () => gate.promise, come: () => gate.resolve(near) };
}

const MOMENTS = Array.from({ length: 24 }, (_, count) => count);

describe('a connection that comes in the moment in which its request is given up', () => {
  test.each(MOMENTS)('by its signal, %i microtasks later, is not left open', async (count) => {
    const clock = new ManualClock();
    const { near, connect, come } = pendingConnection();
    const client = new HttpClient({ connect, clock });
    const controller = new AbortController();
    const failure = failureOf(client.get(URL_, { signal: controller.signal }));
    await new Promise(setImmediate);
    come();
    await microtasks(count);
    const reason = new Error('given up');
    controller.abort(reason);
    expect(await failure).toBe(reason);
    await new Promise(setImmediate);
    expect(near.isClosed).toBe(true);
    expect(client.statistics()).toEqual({ [URL_.slice(0, -1)]: { open: 0, idle: 0, waiting: 0 } });
    await client.close();
  });

  test.each(MOMENTS)(
    'by the end of its client, %i microtasks later, is not left open',
    async (count) => {
      const clock = new ManualClock();
      const { near, connect, come } = pendingConnection();
      const client = new HttpClient({ connect, clock });
      const failure = failureOf(client.get(URL_));
      await new Promise(setImmediate);
      come();
      await microtasks(count);
      await client.close();
      expect(await failure).toMatchObject({ code: 'ERR_HTTP_CLIENT_CLOSED' });
      expect(near.isClosed).toBe(true);
    },
  );

  test('by its deadline is not left open', async () => {
    const clock = new ManualClock();
    const { near, connect, come } = pendingConnection();
    const client = new HttpClient({ connect, clock, deadlines: { connect: 100 } });
    const failure = failureOf(client.get(URL_));
    await new Promise(setImmediate);
    // In the turn of the deadline, and behind it.
    clock.setTimer(come, 100);
    await clock.advance(100);
    expect(await failure).toEqual(new TimeoutError('connect', 100));
    await new Promise(setImmediate);
    expect(near.isClosed).toBe(true);
    await client.close();
  });
});

describe('a request in a scope', () => {
  test('ends with it while it connects, and the connection is given up', async () => {
    const clock = new ManualClock();
    const signals: AbortSignal[] = [];
    const client = new HttpClient({
      connect: (_address, { signal } = {}) => {
        if (signal !== undefined) signals.push(signal);
        return new Promise(() => {});
      },
      clock,
    });
    const failure = failureOf(timeout(10, () => client.get(URL_), { clock }));
    await new Promise(setImmediate);
    await clock.advance(10);
    expect(await failure).toEqual(new TimeoutError('timeout', 10));
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(client.statistics()).toEqual({ 'http://server': { open: 0, idle: 0, waiting: 0 } });
    await client.close();
  });

  test('ends with it while it reads a body that was being read on before', async () => {
    const clock = new ManualClock();
    const [near, far] = memoryPair({ clock });
    const client = new HttpClient({ connect: async () => near, clock });
    const asking = client.get(URL_);
    const wire = new Wire(far);
    await wire.head();
    await wire.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01');
    const response = await asking;
    // Read on from here: the read is under way when the scope begins.
    await clock.advance(1_000);
    const failure = failureOf(timeout(10, () => response.text(), { clock }));
    await clock.advance(10);
    expect(await failure).toEqual(new TimeoutError('timeout', 10));
    expect(near.isClosed).toBe(true);
    await client.close();
  });
});

test('a connect that goes on after its deadline has a signal that says so', () =>
  simulated(async (world) => {
    let signal: AbortSignal | undefined;
    const client = world.client({
      connect: (_address, options) => {
        signal = options?.signal;
        return new Promise(() => {});
      },
      deadlines: { connect: 100 },
    });
    expect(await failureOf(client.get(URL_))).toEqual(new TimeoutError('connect', 100));
    expect(signal?.aborted).toBe(true);
  }));

test('a proxy that sends informational answers for ever is left at the deadline', () =>
  simulated(async (world) => {
    const proxy = await world.listen();
    const client = world.client({ proxy: 'http://server:80', deadlines: { connect: 200 } });
    const failure = failureOf(client.get('https://elsewhere/'));
    const wire = await proxy.accept();
    await wire.head();
    for (let n = 0; n < 20 && !wire.stream.isClosed; n += 1) {
      await wire.send('HTTP/1.1 102 Processing\r\n\r\n').catch(() => {});
      await world.sleep(50);
    }
    expect(await failure).toEqual(new TimeoutError('connect', 200));
    expect(wire.stream.isClosed).toBe(true);
  }));
