/** Servers that take a body slowly, and those that take nothing, through a kernel that shows neither. */

import { describe, expect, test } from '@jest/globals';
import { ByteStream, TimeoutError } from '@awaitio/core';
import { ManualClock } from '@awaitio/core/testing';
import { HttpClient, type HttpClientOptions } from '../../src/index.ts';
import { KernelTransport } from '../support/kernel-transport.ts';

const SIZE = 6_000_000;
const CAPACITY = 4 * 1_048_576;
const ANSWER = Buffer.from('HTTP/1.1 204 No Content\r\n\r\n');

const whole = new Uint8Array(SIZE);
const pieces = () => Array.from({ length: 60 }, () => new Uint8Array(SIZE / 60));

/** Sends a body to a server that takes so many bytes a second, and answers when it has all; how that ended, and when. */
async function send(
  rate: number,
  body: Uint8Array | Uint8Array[],
  options: HttpClientOptions = {},
) {
  const clock = new ManualClock();
  const server = new KernelTransport(CAPACITY);
  const client = new HttpClient({
    ...options,
    clock,
    connect: async () => new ByteStream(server, { clock }),
  });
  const work: { outcome?: unknown } = {};
  const request = client.post('http://server/', body, { length: SIZE }).then(
    ({ status }) => {
      work.outcome = status;
    },
    (error: unknown) => {
      work.outcome = error;
    },
  );
  while (!server.isFull) await clock.advance(0);
  while (work.outcome === undefined && clock.now() < 7_200_000) {
    server.take(rate);
    if (server.taken > SIZE) server.receive(ANSWER);
    await clock.advance(1_000);
  }
  await request;
  const closing = client.close();
  await clock.advance(10_000);
  await closing;
  return { outcome: work.outcome, after: clock.now() - 10_000 };
}

describe('a body', () => {
  test.each([50_000, 20_000, 10_000])('that a server takes at %s bytes a second', async (rate) => {
    for (const body of [whole, pieces()]) {
      const { outcome, after } = await send(rate, body);
      expect(outcome).toBe(204);
      expect(after).toBeGreaterThanOrEqual((SIZE / rate) * 1_000);
    }
  });

  test.each<[HttpClientOptions, number]>([
    [{}, 660_000],
    [{ deadlines: { headers: 10_000, writeWindow: 20_000 } }, 30_000],
    [{ limits: { writeMinRate: Infinity } }, 60_000],
  ])('that a server does not take fails, with %j', async (options, expected) => {
    const { outcome, after } = await send(0, whole, options);
    expect(outcome).toBeInstanceOf(TimeoutError);
    expect(outcome).toMatchObject({ operation: 'headers', timeout: expected });
    expect(after).toBeGreaterThanOrEqual(expected);
    expect(after).toBeLessThan(expected + 3_000);
  });
});
