import { afterEach, describe, expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { Executor } from '../tasks/executor.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { memoryPair } from '../memory/memory-pair.ts';
import { beginTrace, callSite, runAs, tracesOf, traceWaits } from './wait-trace.ts';
import { ListedWaiter, WaiterList } from './waiter.ts';

afterEach(() => {
  traceWaits(false);
});

const holder = { id: 1, name: 'reader' };

describe('while tracing is off', () => {
  test('a wait keeps neither its task nor its site', () => {
    const wait = runAs(holder, () => new ListedWaiter('read', new ManualClock(), undefined));
    expect(wait.info(0)).toEqual({ operation: 'read', age: 0 });
    expect([...tracesOf(holder)]).toEqual([]);
    expect(beginTrace('read', 0)).toBeUndefined();
    expect(callSite('spawn')).toBeUndefined();
  });
});

describe('while tracing is on', () => {
  test('a wait knows the line that asked for it, and shows nothing of how it got there', async () => {
    traceWaits(true);
    const [client, server] = memoryPair();
    const reading = server.readLine();
    const [wait] = server.statistics().waits;
    expect(wait?.site?.split('\n')[0]).toMatch(/wait-trace\.test\.ts:\d+:\d+/);
    expect(wait?.site).not.toMatch(/read-side|waiters\.ts|byte-stream/);
    await client.writeAll('\n');
    await reading;
    await client.close();
    await server.close();
  });

  test('a wait knows whose it is, across the awaits in between', async () => {
    traceWaits(true);
    const clock = new ManualClock();
    const wait = await runAs(holder, async () => {
      await turn();
      return new ListedWaiter<void>('read', clock, undefined);
    }).then((made) => made);
    expect(wait.info(0)).toMatchObject({ operation: 'read', task: 'reader' });
    expect([...tracesOf(holder)]).toEqual([
      expect.objectContaining({ operation: 'read', since: 0 }),
    ]);
    wait.resolve();
    expect([...tracesOf(holder)]).toEqual([]);
  });

  test('a wait outside of every task has a site and no task', () => {
    traceWaits(true);
    const info = new ListedWaiter('read', new ManualClock(), undefined).info(0);
    expect(info.task).toBeUndefined();
    expect(info.site).toContain('wait-trace.test.ts');
  });

  test('a wait deep in a task shows the frames of the program only', async () => {
    traceWaits(true);
    const executor = new Executor({ clock: new ManualClock() });
    const wait = new WaiterList<void>();
    const clock = new ManualClock();
    async function inner(): Promise<void> {
      await Promise.resolve();
      wait.add(new ListedWaiter<void>('read', clock, undefined));
    }
    await executor.spawn(async function outer() {
      await inner();
    });
    const frames = wait.first?.info(0).site?.split('\n') ?? [];
    const functions = frames.map((frame) => /at (?:async )?(\w+) /.exec(frame)?.[1]);
    expect(functions).toEqual(['inner', 'outer']);
    wait.resolveAll();
  });

  test('the stacks of errors keep the length that the program wants', () => {
    traceWaits(true);
    const { stackTraceLimit } = Error;
    callSite('spawn');
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  });
});
