/** Mistakes that streams made once, each with the test that would have found it. */
import { expect, test } from '@jest/globals';
import { memoryPair } from '../../src/index.ts';

test('shutting writing down again after both sides have finished does nothing', async () => {
  const [a, b] = memoryPair();
  await Promise.all([a.shutdown('write'), b.shutdown('write')]);
  await a.closed;
  await expect(a.shutdown('write')).resolves.toBeUndefined();
  await expect(a.shutdown('both')).resolves.toBeUndefined();
  await Promise.all([a.close(), b.close()]);
});

test('a line that begins with a byte order mark keeps it', async () => {
  const [a, b] = memoryPair();
  await a.writeAll('\ufeffone\n\ufefftwo\n');
  expect(await b.readLine()).toBe('\u{feff}one');
  expect(await b.readLine()).toBe('\u{feff}two');
  await Promise.all([a.close(), b.close()]);
});
