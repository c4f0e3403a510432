import { describe, expect, test } from '@jest/globals';
import { AddressError, ClosedError } from '../vocabulary/errors.ts';
import { MemoryListener } from './memory-listener.ts';
import { WOULD_BLOCK } from '../vocabulary/would-block.ts';

describe('a memory listener', () => {
  test('joins who connects with who accepts, in order', async () => {
    const listener = new MemoryListener({ name: 'test' });
    expect(String(listener.localAddress)).toBe('unix:test');
    const first = await listener.connect();
    const second = await listener.connect();
    await first.writeAll('1');
    await second.writeAll('2');
    expect(listener.statistics()).toMatchObject({ pending: 2, open: 0 });
    for (const expected of ['1', '2']) {
      const stream = await listener.accept();
      expect(Buffer.from((await stream.readChunk()) ?? []).toString()).toBe(expected);
      await stream.close();
    }
    await first.close();
    await second.close();
    expect(listener.statistics()).toMatchObject({ accepted: 2, open: 0 });
    await listener.close();
  });

  test('keeps connections waiting while as many as allowed are open', async () => {
    const listener = new MemoryListener({ maxConnections: 1 });
    const clients = [await listener.connect(), await listener.connect()];
    const first = await listener.accept();
    expect(listener.tryAccept()).toBe(WOULD_BLOCK);
    const next = listener.accept();
    await first.close();
    const second = await next;
    for (const stream of [...clients, second]) await stream.close();
    await listener.close();
  });

  test('refuses further ones, and everyone after it was closed', async () => {
    const listener = new MemoryListener({ maxPending: 1 });
    const client = await listener.connect();
    await expect(listener.connect()).rejects.toThrow(AddressError);
    expect(listener.statistics().refused).toBe(1);
    const waiting = listener.accept().then((stream) => stream.close());
    await waiting;
    const accepting = listener.accept();
    await listener.close();
    await listener.close();
    await expect(accepting).rejects.toThrow(ClosedError);
    await expect(listener.connect()).rejects.toThrow(/closed/);
    await client.close();
  });

  test('ends its iteration when it is closed, and resets what no one accepted', async () => {
    const listener = new MemoryListener();
    const client = await listener.connect();
    await listener.close();
    for await (const stream of listener) await stream.close();
    expect((await client.closed).how).toBe('reset');
  });
});
