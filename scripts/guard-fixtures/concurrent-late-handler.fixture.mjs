import { setTimeout as sleep } from 'node:timers/promises';

// Expected to fail with: a rejection that found its handler too late, in "the second of three"
test.concurrent('the first of three', () => sleep(60));
test.concurrent('the second of three', async () => {
  await sleep(10);
  const rejected = Promise.reject(new Error('planted late handler beside others'));
  await sleep(20);
  await rejected.catch(() => {});
});
test.concurrent('the third of three', () => sleep(60));
