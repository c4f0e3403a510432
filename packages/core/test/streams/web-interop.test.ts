import { CompressionStream, DecompressionStream } from 'node:stream/web';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { BrokenError, ClosedError, InvalidInputError, memoryPair } from '../../src/index.ts';
import { closeAll } from '../support/close-all.ts';
import { idle, pattern, readAll, text } from '../support/interop.ts';

describe('the readable side', () => {
  test('gives the bytes and then the end', async () => {
    const [client, server] = memoryPair();
    const { readable } = server.toWeb();
    await client.writeAll('hello');
    await client.shutdown('write');
    expect(text(await readAll(readable))).toBe('hello');
    await closeAll(client, server);
  });

  test('takes nothing that no one asked for, so releasing a reader loses nothing', async () => {
    const [client, server] = memoryPair();
    const { readable } = server.toWeb();
    await client.writeAll('one');
    await server.readable();
    expect(server.statistics().buffered).toBe(3);
    const reader = readable.getReader();
    expect(text((await reader.read()).value)).toBe('one');
    reader.releaseLock();
    await client.writeAll('two');
    await server.readable();
    expect(server.statistics().buffered).toBe(3);
    expect(text(await server.readExactly(3))).toBe('two');
    await closeAll(client, server);
  });

  test('what a reader that was released had asked for goes to the next one', async () => {
    const [client, server] = memoryPair();
    const { readable } = server.toWeb();
    const first = readable.getReader();
    const given = first.read().catch((error: unknown) => error);
    await idle();
    first.releaseLock();
    await client.writeAll('late');
    expect(await given).toBeInstanceOf(TypeError);
    const second = readable.getReader();
    expect(text((await second.read()).value)).toBe('late');
    await second.cancel();
    await closeAll(client, server);
  });

  test('reads into the reader’s own buffer', async () => {
    const [client, server] = memoryPair();
    const { readable } = server.toWeb();
    const reader = readable.getReader({ mode: 'byob' });
    await client.writeAll('0123456789');
    const first = await reader.read(new Uint8Array(4));
    expect(text(first.value)).toBe('0123');
    const second = await reader.read(new Uint8Array(first.value!.buffer));
    expect([text(second.value), second.value!.buffer.byteLength]).toEqual(['4567', 4]);
    const third = reader.read(new Uint8Array(4));
    expect(text((await third).value)).toBe('89');
    const last = reader.read(new Uint8Array(4));
    await client.shutdown('write');
    expect(await last).toMatchObject({ done: true, value: new Uint8Array(0) });
    await closeAll(client, server);
  });

  test('a break is an error, after the bytes that came before it', async () => {
    const [client, server] = memoryPair();
    const { readable } = server.toWeb();
    await client.writeAll('last words');
    await server.readable();
    client.reset();
    await server.closed;
    const reader = readable.getReader();
    expect(text((await reader.read()).value)).toBe('last words');
    await expect(reader.read()).rejects.toThrow(BrokenError);
    await expect(reader.closed).rejects.toThrow(BrokenError);
  });

  test.each(['default', 'byob'] as const)(
    'cancelled while a %s reader waits, it ends reading and leaves writing open',
    async (mode) => {
      const [client, server] = memoryPair();
      const { readable, writable } = server.toWeb();
      const reader = mode === 'byob' ? readable.getReader({ mode: 'byob' }) : readable.getReader();
      const reading = reader.read(new Uint8Array(8));
      await idle();
      await reader.cancel('enough');
      expect((await reading).done).toBe(true);
      // Far more than the high-water marks: data that will not be read is discarded and does not block its sender.
      await client.writeAll(new Uint8Array(1 << 20));
      const writer = writable.getWriter();
      await writer.write(Buffer.from('still writing'));
      expect(text(await client.readExactly(13))).toBe('still writing');
      await writer.close();
      // Both sides are done: the connection is closed.
      await server.closed;
      await closeAll(client);
    },
  );

  test('fails when this side closes the stream under it', async () => {
    const [client, server] = memoryPair();
    const reading = server.toWeb().readable.getReader().read();
    await idle();
    await server.close();
    await expect(reading).rejects.toThrow(ClosedError);
    await closeAll(client);
  });
});

describe('the writable side', () => {
  test('takes bytes in every form, and nothing else', async () => {
    const [client, server] = memoryPair();
    const { writable } = server.toWeb();
    const writer: WritableStreamDefaultWriter<unknown> = writable.getWriter();
    await writer.write(Buffer.from('a'));
    await writer.write(new Uint16Array([0x6262]));
    await writer.write(new Uint8Array([99]).buffer);
    expect(text(await client.readExactly(4))).toBe('abbc');
    await expect(writer.write('text')).rejects.toThrow(InvalidInputError);
    await closeAll(client, server);
  });

  test('holds the writer back until the peer reads', async () => {
    const [client, server] = memoryPair({ readHighWaterMark: 100, writeHighWaterMark: 100 });
    const writer = server.toWeb().writable.getWriter();
    let isReady = false;
    const writing = writer.write(new Uint8Array(1_000));
    const ready = writer.ready.then(() => {
      isReady = true;
    });
    await idle();
    expect(isReady).toBe(false);
    await client.readExactly(1_000);
    await Promise.all([writing, ready]);
    await writer.close();
    await closeAll(client, server);
  });

  test('closing it sends FIN after everything, and reading goes on', async () => {
    const [client, server] = memoryPair();
    const { readable, writable } = server.toWeb();
    const writer = writable.getWriter();
    void writer.write(Buffer.from('all of it'));
    await writer.close();
    expect(text(await readAll(client))).toBe('all of it');
    await client.writeAll('answer');
    await client.shutdown('write');
    expect(text(await readAll(readable))).toBe('answer');
    expect(await server.closed).toMatchObject({ how: 'shutdown', by: 'local' });
    await closeAll(client, server);
  });

  test('aborting it while a write waits resets the connection', async () => {
    const [client, server] = memoryPair({ readHighWaterMark: 10, writeHighWaterMark: 10 });
    const writer = server.toWeb().writable.getWriter();
    const why = new Error('changed my mind');
    const writing = writer.write(new Uint8Array(100)).catch((error: unknown) => error);
    await idle();
    await writer.abort(why);
    expect(await writing).toBe(why);
    expect(await server.closed).toMatchObject({ how: 'aborted', by: 'local', error: why });
    await client.closed;
    await closeAll(client);
  });

  test('a break is an error, though no one writes', async () => {
    const [client, server] = memoryPair();
    const writer = server.toWeb().writable.getWriter();
    client.reset();
    await expect(writer.closed).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(writer.write(new Uint8Array(1))).rejects.toThrow(BrokenError);
  });

  test('fails when this side closes the stream under it', async () => {
    const [client, server] = memoryPair();
    const writer = server.toWeb().writable.getWriter();
    await server.close();
    await expect(writer.closed).rejects.toThrow(ClosedError);
    await closeAll(client);
  });
});

describe('both sides together', () => {
  test('a pipe from one to the other is an echo server, which closes at the end', async () => {
    const [client, server] = memoryPair();
    const { readable, writable } = server.toWeb();
    const echo = readable.pipeTo(writable);
    const sending = client.writeAll(pattern(200_000)).then(() => client.shutdown('write'));
    expect(Buffer.compare(await readAll(client), pattern(200_000))).toBe(0);
    await Promise.all([echo, sending, server.closed]);
    await closeAll(client);
  });

  test('go through the platform’s transforms', async () => {
    const [a, b] = memoryPair();
    const [c, d] = memoryPair();
    const piping = b
      .toWeb()
      .readable.pipeThrough(new CompressionStream('gzip'))
      .pipeThrough(new DecompressionStream('gzip'))
      .pipeTo(c.toWeb().writable);
    const sending = a.writeAll(pattern(50_000)).then(() => a.shutdown('write'));
    expect(Buffer.compare(await readAll(d), pattern(50_000))).toBe(0);
    await Promise.all([piping, sending]);
    await closeAll(a, b, c, d);
  });

  test('dropped without a word they leave nothing unhandled when the connection breaks', async () => {
    const [client, server] = memoryPair();
    server.toWeb();
    client.reset();
    await server.closed;
    await idle();
    expect(server.statistics().waits).toEqual([]);
  });

  test('carry every byte, whatever the cuts and the readers', async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 500 }), { maxLength: 6 });
    const reads = fc.array(fc.option(fc.integer({ min: 1, max: 900 })), {
      minLength: 1,
      maxLength: 8,
    });
    const marks = fc.constantFrom(1, 50, 5_000);
    await fc.assert(
      fc.asyncProperty(cuts, reads, marks, async (sizes, wishes, mark) => {
        const [client, server] = memoryPair({ readHighWaterMark: mark, writeHighWaterMark: mark });
        const sent = pattern(sizes.reduce((sum, size) => sum + size, 0));
        const { writable } = client.toWeb();
        const { readable } = server.toWeb();
        const write = async (): Promise<void> => {
          const writer = writable.getWriter();
          let at = 0;
          for (const size of sizes) {
            await writer.write(sent.subarray(at, at + size));
            at += size;
          }
          await writer.close();
        };
        /** Takes a new reader for each read: into a buffer of the wished size, or any chunk. */
        const read = async (): Promise<Uint8Array> => {
          const got: Uint8Array[] = [];
          for (let turnOf = 0; ; turnOf += 1) {
            const wish = wishes[turnOf % wishes.length] ?? null;
            const reader =
              wish === null ? readable.getReader() : readable.getReader({ mode: 'byob' });
            const { done, value } = await reader.read(new Uint8Array(wish ?? 1));
            reader.releaseLock();
            if (done) return Buffer.concat(got);
            got.push(value as Uint8Array);
          }
        };
        const [, got] = await Promise.all([write(), read()]);
        expect(Buffer.compare(got, sent)).toBe(0);
        await closeAll(client, server);
      }),
      { numRuns: 40 },
    );
  });
});
