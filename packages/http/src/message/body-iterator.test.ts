import { describe, expect, test } from '@jest/globals';
import { BodyIterator } from './body-iterator.ts';

/** A body whose pieces are given by hand, and what was asked of it. */
function byHand() {
  const log: string[] = [];
  const waiting: { resolve(piece: Uint8Array | null): void; reject(error: unknown): void }[] = [];
  const pieces = new BodyIterator({
    begin: () => log.push('begin'),
    pull: () => {
      log.push('pull');
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    leave: (hasBegun) => log.push(`leave ${String(hasBegun)}`),
    fail: async (error) => {
      throw error;
    },
  });
  return { log, waiting, pieces };
}

const DONE = { done: true, value: undefined };
const piece = (value: number) => ({ done: false, value: Uint8Array.of(value) });

describe('an iteration over a body', () => {
  test('asks for one piece after another, also where two are asked for at once', async () => {
    const { log, waiting, pieces } = byHand();
    const both = Promise.all([pieces.next(), pieces.next()]);
    expect(log).toEqual(['begin', 'pull']);
    waiting[0]?.resolve(Uint8Array.of(1));
    await new Promise(setImmediate);
    waiting[1]?.resolve(Uint8Array.of(2));
    expect(await both).toEqual([piece(1), piece(2)]);
    expect(log).toEqual(['begin', 'pull', 'pull']);
  });

  test('is over at the end, and is not left then', async () => {
    const { log, waiting, pieces } = byHand();
    const last = pieces.next();
    waiting[0]?.resolve(null);
    expect([await last, await pieces.next(), await pieces.return()]).toEqual([DONE, DONE, DONE]);
    expect(log).toEqual(['begin', 'pull']);
  });

  test('is left at once and once, and what comes afterwards is dropped', async () => {
    const { log, waiting, pieces } = byHand();
    const pending = pieces.next();
    expect(await pieces.return()).toEqual(DONE);
    expect(await pending).toEqual(DONE);
    waiting[0]?.resolve(Uint8Array.of(1));
    expect([await pieces.return(), await pieces.next()]).toEqual([DONE, DONE]);
    expect(log).toEqual(['begin', 'pull', 'leave true']);
  });

  test('that is left while it fails has no failure that nothing handles', async () => {
    const { waiting, pieces } = byHand();
    const pending = pieces.next();
    await pieces.return();
    waiting[0]?.reject(new RangeError('too late'));
    expect(await pending).toEqual(DONE);
  });

  test('may be left before its first piece', async () => {
    const { log, pieces } = byHand();
    expect(await pieces.return()).toEqual(DONE);
    expect(await pieces.next()).toEqual(DONE);
    expect(log).toEqual(['leave false']);
  });

  test('fails once, and leaves the body then', async () => {
    const { log, waiting, pieces } = byHand();
    const failing = pieces.next();
    waiting[0]?.reject(new RangeError('no'));
    await expect(failing).rejects.toThrow('no');
    expect(await pieces.next()).toEqual(DONE);
    expect(log).toEqual(['begin', 'pull', 'leave true']);
  });
});
