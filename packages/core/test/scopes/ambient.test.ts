import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from '@jest/globals';
import { memoryPair } from '../../src/memory/memory-pair.ts';
import { Executor } from '../../src/tasks/executor.ts';
import { currentScope, hasScopes, outsideScopes } from '../../src/waiting/ambient.ts';
import { cancelScope } from '../../src/waiting/cancel-scope.ts';

test('a program that spawns tasks, reads, writes and closes uses no storage before its first scope', async () => {
  const executor = new Executor();
  const [client, server] = memoryPair();
  const reader = executor.spawn(() => server.readLine());
  await executor.spawn(() => client.writeAll('a line\n'));
  expect(await reader).toBe('a line');
  await client.close();
  await server.close();
  await executor.shutdown();
  expect(outsideScopes(() => 1)).toBe(1);
  expect([hasScopes(), currentScope()]).toEqual([false, undefined]);

  await cancelScope(() => {
    expect(currentScope()).toBeDefined();
  });
  expect([hasScopes(), currentScope()]).toEqual([true, undefined]);
});

test('a scope changes no other storage, and none changes the scope', async () => {
  const storage = new AsyncLocalStorage<string>();
  await storage.run('outside', () =>
    cancelScope(async () => {
      const scope = currentScope();
      expect(storage.getStore()).toBe('outside');
      await storage.run('inside', async () => {
        await Promise.resolve();
        expect([storage.getStore(), currentScope()]).toEqual(['inside', scope]);
        expect(outsideScopes(() => [storage.getStore(), currentScope()])).toEqual([
          'inside',
          undefined,
        ]);
      });
    }),
  );
});
