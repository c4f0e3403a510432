/** What is made in a simulation without a clock is on its virtual time: no real timer, and the same run from the same seed. */
import { expect, test } from '@jest/globals';
import { memoryPair } from '../../src/index.ts';
import { broadcast, Semaphore } from '../../src/sync/index.ts';
import { simulate } from '../../src/testing/index.ts';

/** More calls that settle at once than the budget of a clock has. */
const MANY = 300;

test('channels and memory streams without a clock spend no budget of the system’s clock', async () => {
  const program = async (): Promise<string> => {
    const { hash } = await simulate({ seed: 1 }, async () => {
      const [sender, receiver] = broadcast<number>({ capacity: MANY });
      for (let n = 0; n < MANY; n += 1) {
        sender.send(n);
        expect(await receiver.receive()).toBe(n);
      }
      const [a, b] = memoryPair();
      for (let n = 0; n < MANY; n += 1) {
        await a.writeAll('x');
        expect((await b.readChunk())?.length).toBe(1);
      }
      await a.close();
      await b.close();
    });
    return hash;
  };
  const first = await program();
  for (let run = 0; run < 3; run += 1) expect(await program()).toBe(first);
});

test('their timeouts are in virtual time', async () => {
  const { virtualTime } = await simulate({ seed: 1 }, async () => {
    const slots = new Semaphore(0);
    await expect(slots.acquire(1, { timeout: 1_000 })).rejects.toThrow('within 1000 ms');
    const [a, b] = memoryPair();
    await expect(b.readLine({ timeout: 2_000 })).rejects.toThrow('within 2000 ms');
    await a.close();
    await b.close();
  });
  expect(virtualTime).toBe(3_000);
});
