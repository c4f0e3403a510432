import { describe, expect, test } from '@jest/globals';

import { LocalProtocolError, RemoteProtocolError } from '../src/protocol/errors.ts';
import { HttpResponse } from '../src/response.ts';
import { simulated, type World } from './support/simulated.ts';
import type { Wire } from './support/wire.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** A request whose body comes in chunks. */
const chunked = (...pieces: string[]): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${pieces
    .map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
    .join('')}0\r\n\r\n`;

/** Every byte of these is told apart from its neighbours. */
const pattern = (length: number, start = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (start + index * 7) % 251);

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('a streamed answer', () => {
  test('comes in chunks, each as soon as the program gives it', () =>
    simulated(async (world) => {
      await world.serve(() =>
        HttpResponse.stream(
          (async function* () {
            yield 'one ';
            await world.sleep(1_000);
            yield 'two';
          })(),
        ),
      );
      const wire = await world.connect();
      await wire.send(GET);
      expect(await wire.head()).toMatch(/\r\nTransfer-Encoding: chunked\r\n/);
      expect(await wire.stream.readExactly(9)).toEqual(Buffer.from('4\r\none \r\n'));
      expect(world.now).toBeLessThan(100);
      expect(await wire.stream.readExactly(13)).toEqual(Buffer.from('3\r\ntwo\r\n0\r\n\r\n'));
      expect(world.now).toBeGreaterThan(1_000);
    }));

  test.each([
    ['a network without trouble', {}],
    ['small writes and small windows', { partialWrite: 1, window: 1, split: 0.3 }],
    ['a slow reader', { slowReader: 1 }],
  ])('keeps its pieces whole and in order over %s', (_what, faults) =>
    simulated(
      async (world) => {
        const sizes = [1, 20_000, 16_384, 3, 16_383, 70_000, 40_000, 16_385, 2, 100_000];
        await world.serve(() =>
          HttpResponse.stream(sizes.map((size, index) => pattern(size, index))),
        );
        const wire = await world.connect();
        await wire.send(GET);
        const { body } = await wire.response();
        const whole = Buffer.concat(sizes.map((size, index) => pattern(size, index)));
        expect(body === latin1(whole)).toBe(true);
      },
      { faults },
    ),
  );
});
