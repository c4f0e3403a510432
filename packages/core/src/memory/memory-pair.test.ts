import { describe, expect, test } from '@jest/globals';
import { InvalidInputError } from '../vocabulary/errors.ts';
import { memoryPair } from './memory-pair.ts';

describe('a pair in memory', () => {
  test('lets timers run though both ends always have something for each other', async () => {
    const [a, b] = memoryPair();
    const echoing = (async () => {
      while ((await b.readWith((view) => b.tryWrite(view) as number)) !== null);
    })();
    const timer = { hasFired: false };
    setTimeout(() => {
      timer.hasFired = true;
    }, 0);
    let rounds = 0;
    while (!timer.hasFired && rounds < 200_000) {
      a.tryWrite('x');
      await a.readWith((view) => view.length);
      rounds += 1;
    }
    expect(timer.hasFired).toBe(true);
    await a.close();
    await echoing;
    await b.close();
  });

  test.each(['close', 'close after FIN', 'reset'])(
    'fails a write that waits for room when the other end is gone: %s',
    async (how) => {
      const [a, b] = memoryPair();
      const writing = a.writeAll(Buffer.alloc(1_000_000)).catch((error: unknown) => error);
      await new Promise(setImmediate);
      if (how === 'close after FIN') await b.shutdown('write');
      if (how === 'reset') b.reset();
      else await b.close();
      expect(await writing).toMatchObject({ code: how === 'reset' ? 'ECONNRESET' : 'EPIPE' });
      await a.close();
    },
  );

  test('refuses a taker that takes nothing, before it waits', async () => {
    const [a, b] = memoryPair();
    for (const take of [undefined, null, {}, 'take']) {
      await expect(a.readWith(take as never)).rejects.toThrow(InvalidInputError);
    }
    expect(a.statistics().waits).toEqual([]);
    await a.close();
    await b.close();
  });
});
