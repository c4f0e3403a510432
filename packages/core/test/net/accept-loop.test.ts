import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test } from '@jest/globals';
import { acceptLoop, Executor, TcpListener, TcpStream } from '../../src/index.ts';

describe('an accept loop over TCP', () => {
  test('serves each connection in the context of the loop, whichever connection came before', async () => {
    const storage = new AsyncLocalStorage<string>();
    const listener = await storage.run('bind', () => TcpListener.bind('127.0.0.1:0'));
    const seen: (string | undefined)[] = [];
    const accepting = storage.run('loop', () =>
      acceptLoop(listener, async (stream) => {
        seen.push(storage.getStore());
        storage.enterWith('task');
        await stream.writeAll('hello\n');
      }),
    );
    for (let count = 0; count < 3; count += 1) {
      await using client = await TcpStream.connect(listener.localAddress);
      expect(await client.readLine()).toBe('hello');
    }
    expect(seen).toEqual(['loop', 'loop', 'loop']);
    await listener.close();
    await accepting;
  });

  test('takes a slot before it accepts, so that what must wait stays in the listener', async () => {
    const listener = await TcpListener.bind('127.0.0.1:0');
    const executor = new Executor({ concurrency: 1 });
    const accepting = acceptLoop(
      listener,
      async (stream) => {
        await stream.writeAll('your turn\n');
        await stream.readClosed();
      },
      { executor },
    );
    const first = await TcpStream.connect(listener.localAddress);
    const second = await TcpStream.connect(listener.localAddress);
    expect(await first.readLine()).toBe('your turn');
    while (listener.statistics().pending === 0) await new Promise(setImmediate);
    expect(listener.statistics()).toMatchObject({ accepted: 1, pending: 1 });
    await first.close();
    expect(await second.readLine()).toBe('your turn');
    await second.close();
    await listener.close();
    await accepting;
    await executor.idle();
  });

  test('ends, and resets what it has accepted, when the executor takes no more', async () => {
    const listener = await TcpListener.bind('127.0.0.1:0');
    const executor = new Executor();
    const failures: unknown[] = [];
    const accepting = acceptLoop(listener, async () => {}, {
      executor,
      onError: (error) => failures.push(error),
    });
    await executor.shutdown();
    // The RST may come before the end of `connect`, or after it.
    const end = TcpStream.connect(listener.localAddress).then(
      async (client) => (await client.closed).error,
      (error: unknown) => error,
    );
    expect(await end).toMatchObject({ code: 'ECONNRESET' });
    await accepting;
    expect(failures).toHaveLength(1);
    await listener.close();
  });

  test('ends with its signal, and leaves the listener open', async () => {
    const listener = await TcpListener.bind('127.0.0.1:0');
    const controller = new AbortController();
    const accepting = acceptLoop(listener, async () => {}, { signal: controller.signal });
    controller.abort(new Error('this abort is part of the test'));
    await accepting;
    const [client, stream] = await Promise.all([
      TcpStream.connect(listener.localAddress),
      listener.accept(),
    ]);
    expect(String(stream.remoteAddress)).toBe(String(client.localAddress));
    await client.close();
    await stream.close();
    await listener.close();
  });
});
