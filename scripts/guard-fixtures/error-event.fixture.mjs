import { EventEmitter } from 'node:events';

// Expected to fail with: planted error event
test("passes, and an 'error' event finds no listener", async () => {
  setImmediate(() => new EventEmitter().emit('error', new Error('planted error event')));
  await new Promise((resolve) => setTimeout(resolve, 20));
});
