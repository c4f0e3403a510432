import { setTimeout as sleep } from 'node:timers/promises';

// Expected to fail with: ● the second of three
test.concurrent('the first of three', () => sleep(60));
test.concurrent('the second of three', async () => {
  void Promise.reject(new Error('planted rejection in the last moment'));
});
test.concurrent('the third of three', () => sleep(60));
