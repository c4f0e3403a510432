import { describe, expect, test } from '@jest/globals';
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
});
