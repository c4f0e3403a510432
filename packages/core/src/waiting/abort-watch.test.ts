import { describe, expect, jest, test } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { watchAbort, type AbortWatcher } from './abort-watch.ts';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

/** A watcher that records the reasons it receives. */
function watcher(calls: unknown[]): AbortWatcher {
  return { onAbort: (reason) => calls.push(reason) };
}

describe('watchAbort', () => {
  test('tells every watcher the reason, oldest first, once', () => {
    const controller = new AbortController();
    const calls: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      watchAbort(controller.signal, {
        onAbort: (reason) => calls.push(`${name}: ${String(reason)}`),
      });
    }
    controller.abort('stop');
    controller.abort('again');
    expect(calls).toEqual(['a: stop', 'b: stop', 'c: stop']);
  });

  test('does not tell a watcher that was removed, from whatever place in the list', () => {
    for (const removed of [0, 1, 2]) {
      const controller = new AbortController();
      const calls: unknown[] = [];
      const registrations = [0, 1, 2].map((name) =>
        watchAbort(controller.signal, { onAbort: () => calls.push(name) }),
      );
      registrations[removed]?.remove();
      registrations[removed]?.remove();
      controller.abort();
      expect(calls).toEqual([0, 1, 2].filter((name) => name !== removed));
    }
  });

  test('lets a watcher remove others, and itself, while it is notified', () => {
    const controller = new AbortController();
    const calls: string[] = [];
    const first = watchAbort(controller.signal, {
      onAbort: () => {
        calls.push('first');
        first.remove();
        second.remove();
      },
    });
    const second = watchAbort(controller.signal, { onAbort: () => calls.push('second') });
    watchAbort(controller.signal, { onAbort: () => calls.push('third') });
    controller.abort();
    expect(calls).toEqual(['first', 'third']);
  });

  test('keeps one listener on the signal, for a million watchers', () => {
    const { signal } = new AbortController();
    const registrations = Array.from({ length: 1_000_000 }, () => watchAbort(signal, watcher([])));
    expect(listeners(signal)).toBe(1);
    for (const registration of registrations) registration.remove();
    expect(listeners(signal)).toBeLessThanOrEqual(1);
  });

  test('keeps signals apart', () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const calls: unknown[] = [];
    watchAbort(one.signal, watcher(calls));
    watchAbort(other.signal, watcher(calls));
    other.abort('other');
    expect(calls).toEqual(['other']);
  });

  test('watches a signal again after all watchers had left', () => {
    const controller = new AbortController();
    const calls: unknown[] = [];
    watchAbort(controller.signal, watcher([])).remove();
    watchAbort(controller.signal, watcher(calls));
    controller.abort('stop');
    expect(calls).toEqual(['stop']);
  });

  test('calls the others when one of them throws or rejects, and says on stderr what failed', async () => {
    const said = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      const controller = new AbortController();
      const calls: string[] = [];
      watchAbort(controller.signal, {
        onAbort: () => {
          throw new Error('a bad watcher');
        },
      });
      watchAbort(controller.signal, { onAbort: () => Promise.reject() as never });
      watchAbort(controller.signal, { onAbort: () => calls.push('called') });
      // Called as the signal would, which turns what it throws into an uncaught exception.
      const [listener] = getEventListeners(controller.signal, 'abort') as (() => void)[];
      expect(listener).not.toThrow();
      expect(calls).toEqual(['called']);
      await new Promise(setImmediate);
      const lines = said.mock.calls.map(([line]) => String(line));
      expect(lines[0]).toMatch(/^awaitio: onAbort failed: Error: a bad watcher/);
      expect(lines[1]).toMatch(/onAbort: it failed without a reason/);
    } finally {
      said.mockRestore();
    }
  });

  test('leaves no listener for long on signals that no one waits on any more', () => {
    // A listener keeps a signal made by AbortSignal.any or AbortSignal.timeout alive: one per request would be a leak.
    const root = new AbortController();
    const signals = Array.from({ length: 10_000 }, () => {
      const signal = AbortSignal.any([root.signal]);
      watchAbort(signal, watcher([])).remove();
      return signal;
    });
    const watched = signals.filter((signal) => listeners(signal) > 0).length;
    expect(watched).toBeLessThanOrEqual(256);
  });

  test('notices a signal that had lost its listener, when someone waits again', () => {
    const controller = new AbortController();
    const calls: unknown[] = [];
    watchAbort(controller.signal, watcher([])).remove();
    for (let round = 0; round < 3_000; round += 1) {
      watchAbort(new AbortController().signal, watcher([])).remove();
    }
    expect(listeners(controller.signal)).toBe(0);
    watchAbort(controller.signal, watcher(calls));
    controller.abort('stop');
    expect(calls).toEqual(['stop']);
  });

  test('keeps the listener of a signal that someone waits on, however many others come and go', () => {
    const controller = new AbortController();
    const calls: unknown[] = [];
    watchAbort(controller.signal, watcher([])).remove();
    watchAbort(controller.signal, watcher(calls));
    for (let round = 0; round < 3_000; round += 1) {
      watchAbort(new AbortController().signal, watcher([])).remove();
    }
    expect(listeners(controller.signal)).toBe(1);
    controller.abort('stop');
    expect(calls).toEqual(['stop']);
  });
});
