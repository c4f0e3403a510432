import { setTimeout as sleep } from 'node:timers/promises';

// Expected to fail with: ● the second of three
test.concurrent('the first of three', () => sleep(60));
test.concurrent('the second of three', async () => {
  await sleep(10);
  void Promise.reject(new Error('planted rejection beside others'));
  await sleep(30);
});
test.concurrent('the third of three', () => sleep(60));
