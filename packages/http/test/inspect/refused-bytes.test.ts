/** The bytes of refused requests: only for those who ask for them, bounded, with the byte of the fault. */
import { describe, expect, test } from '@jest/globals';
import { memoryPair } from '@awaitio/core';
import { ManualClock } from '@awaitio/core/testing';
import { HttpResponse, serve } from '../../src/index.ts';
import { Collector } from '../../src/inspect/looking/collector.ts';
import type { RefusalModel } from '../../src/inspect/looking/model.ts';

/** What is shown of a request that is sent in pieces, and refused. */
async function shownOf(pieces: readonly string[], refusedBytes: number): Promise<RefusalModel> {
  const clock = new ManualClock();
  const options = { clock, attentionAfter: 0, recording: 1_000, canClose: false, refusedBytes };
  const collector = new Collector(options);
  await using server = await serve(() => HttpResponse.empty(), { port: 0 });
  try {
    const [near, far] = memoryPair();
    server.serveStream(far);
    for (const piece of pieces) await near.writeAll(piece);
    let text = '';
    for await (const chunk of near) text += Buffer.from(chunk).toString();
    await near.close();
    expect(text).toMatch(/HTTP\/1\.1 4\d\d /);
    const [refusal] = collector.look().refusals;
    if (refusal === undefined) throw new Error('nothing was refused');
    return refusal;
  } finally {
    collector.stop();
  }
}

const plain = (bytes: RefusalModel['bytes']): string =>
  Buffer.from(bytes?.hex ?? '', 'hex').toString('latin1');

describe('the bytes of a refused request', () => {
  const WRONG = 'GET / HTTP/1.1\r\nHost: a\r\nBad\0name: x\r\nMore: y\r\n\r\n';
  const fault = WRONG.indexOf('\0');

  test('are not kept by default', async () => {
    expect((await shownOf([WRONG], 0)).bytes).toBeNull();
  });

  test.each([
    ['whole', [WRONG]],
    ['in two', [WRONG.slice(0, 30), WRONG.slice(30)]],
    ['byte by byte', WRONG.slice(0, fault + 1).split('')],
  ])('are shown around the fault when they are asked for: %s', async (_, pieces) => {
    const { bytes } = await shownOf(pieces, 64);
    const text = plain(bytes);
    expect(WRONG).toContain(text);
    expect(text[bytes?.at ?? -1]).toBe('\0');
    expect(text.slice(0, bytes?.at)).toBe(WRONG.slice(0, fault));
  });

  test('are no more than was asked for, and end a little after the fault', async () => {
    const long = `GET /${'a'.repeat(500)} HTTP/1.1\r\nHost: a\r\nB\0d: ${'z'.repeat(500)}\r\n\r\n`;
    const { bytes } = await shownOf([long], 32);
    const text = plain(bytes);
    expect(text).toHaveLength(32);
    expect(text[bytes?.at ?? -1]).toBe('\0');
    expect(text.slice((bytes?.at ?? 0) + 1)).toBe('d: zzzzz');
  });

  test('are found in what came after many other requests in one piece', async () => {
    const right = Array.from({ length: 200 }, (_, n) => `GET /${n} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const sent = `${right.join('')}${WRONG}`;
    const { bytes } = await shownOf([sent], 1_024);
    expect(plain(bytes)[bytes?.at ?? -1]).toBe('\0');
    // As they came: each once, also where bytes were read again after requests before them were answered.
    expect(sent).toContain(plain(bytes));
    expect(plain(bytes).length).toBeGreaterThan(700);
  });
});
