/** Whatever waits on a listener settles when the listener closes, on every kind of listener. */

import { describe, expect, test } from '@jest/globals';
import {
  ClosedError,
  MemoryListener,
  TcpListener,
  TimeoutError,
  TlsListener,
  UnixListener,
  type Listener,
} from '../../src/index.ts';
import { keep } from '../support/keep.ts';
import { temporaryPath } from '../support/socket-pairs.ts';
import { identity } from '../support/tls.ts';

const kinds: Record<string, (signal?: AbortSignal) => Promise<Listener>> = {
  'in memory': async () => new MemoryListener(),
  'on TCP': (signal) => TcpListener.bind({ port: 0 }, { signal }),
  'on a Unix socket': async (signal) => {
    const { path, remove } = await temporaryPath();
    const listener = await UnixListener.bind(path, { signal });
    void remove();
    return listener;
  },
  'of TLS': (signal) => TlsListener.bind({ port: 0 }, { ...identity, signal }),
  'of TLS over another': async (signal) =>
    TlsListener.over(new MemoryListener(), { ...identity, signal }),
};

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => error,
  );

describe.each(Object.entries(kinds))('a listener %s', (name, bind) => {
  test('ends every wait when it closes', async () => {
    const listener = keep(await bind());
    const { signal } = new AbortController();
    const waits = [
      listener.accept(),
      listener.accept({ signal, timeout: 60_000 }),
      listener.readable({ signal }),
    ].map(failureOf);
    const iteration = listener[Symbol.asyncIterator]();
    const next = iteration.next();
    const returned = iteration.return?.();
    await listener.close();
    for (const failure of await Promise.all(waits)) expect(failure).toBeInstanceOf(ClosedError);
    expect([await next, await returned]).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    expect(listener.statistics().waits).toEqual([]);
    for await (const stream of listener) await stream.close();
  });

  test('gives up an accept by its signal and its timeout, and goes on', async () => {
    const listener = keep(await bind());
    const controller = new AbortController();
    const aborted = failureOf(listener.accept({ signal: controller.signal }));
    const late = failureOf(listener.accept({ timeout: 5 }));
    controller.abort('enough');
    expect(await aborted).toBe('enough');
    expect(await late).toEqual(new TimeoutError('accept', 5));
    expect(listener.statistics().waits).toEqual([]);
    await listener.close();
  });

  test('ends every wait when its signal aborts', async () => {
    if (name === 'in memory') return;
    const controller = new AbortController();
    const listener = keep(await bind(controller.signal));
    const failure = failureOf(listener.accept());
    const next = listener[Symbol.asyncIterator]().next();
    controller.abort();
    expect(await failure).toBeInstanceOf(ClosedError);
    expect(await next).toEqual({ done: true, value: undefined });
    await listener.close();
  });
});
