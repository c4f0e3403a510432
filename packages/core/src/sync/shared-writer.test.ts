import { describe, expect, test } from '@jest/globals';
import { PENDING, poll, pollAll } from '../../test/support/poll.ts';
import { memoryPair } from '../memory/memory-pair.ts';
import type { ByteStream } from '../streams/byte-stream.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { sharedWriter, type SharedWriterOptions } from './shared-writer.ts';

const MARK = 16;

/** A writer over a stream that takes 16 bytes at a time, and what arrives at the other end. */
function setUp(options: SharedWriterOptions = {}) {
  const clock = new ManualClock();
  const marks = { readHighWaterMark: MARK, writeHighWaterMark: MARK };
  const [client, server] = memoryPair({ clock, ...marks });
  return { clock, client, server, writer: sharedWriter(client, { clock, ...options }) };
}

async function readToEnd(stream: ByteStream): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

/** Sends frames of 10 bytes until one has begun and not ended, and another waits for its turn. */
async function fillUp({ writer, clock }: ReturnType<typeof setUp>, signal?: AbortSignal) {
  const sends: Promise<void>[] = [];
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  for (let at = 0; !writer.statistics().isWriting || writer.statistics().waiting === 0; at += 1) {
    sends.push(writer.send((names.at(at) ?? '').repeat(10), { signal }));
    void sends[at]?.catch(() => {});
    await clock.advance(0);
  }
  return { sends, sent: names.slice(0, sends.length) };
}

describe('a shared writer', () => {
  test('writes a frame at once while there is room', async () => {
    const { writer, client, server } = setUp();
    await writer.send('one');
    await writer.send(Buffer.from(' two'));
    await client.shutdown('write');
    expect(await readToEnd(server)).toBe('one two');
    await client.close();
    await server.close();
  });

  test('keeps frames of many tasks whole and in order, however slow the peer is', async () => {
    const { writer, client, server, clock } = setUp();
    const reading = readToEnd(server);
    const frames = Array.from({ length: 100 }, (_, n) => `<${String(n).padStart(n % 40, '.')}>`);
    await Promise.all(frames.map((frame) => writer.send(frame)));
    await clock.advance(0);
    expect(writer.statistics()).toEqual({ waiting: 0, isWriting: false, waits: [] });
    await client.shutdown('write');
    expect(await reading).toBe(frames.join(''));
    await client.close();
    await server.close();
  });

  test('counts the bytes of text, and keeps frames of text whole, whatever part of it is taken', async () => {
    // Frames of 4 to 40 characters of one to four bytes: parts of them end in the middle of a character.
    const frames = Array.from({ length: 60 }, (_, n) =>
      'a\u00e9\u20ac\u{1f600}'.repeat((n % 10) + 1),
    );
    const { writer, client, server, clock } = setUp();
    const sends = frames.map((frame) => writer.send(`${frame}\n`));
    const reading = (async () => {
      const lines: (string | null)[] = [];
      for (let line; (line = await server.readLine()) !== null;) lines.push(line);
      return lines;
    })();
    await Promise.all(sends);
    await clock.advance(0);
    expect(writer.statistics()).toEqual({ waiting: 0, isWriting: false, waits: [] });
    await client.shutdown('write');
    expect(await reading).toEqual(frames);
    await client.close();
    await server.close();
  });

  test('does not take a frame of text for whole when as many bytes as it has characters are taken', async () => {
    const { writer, client, server } = setUp();
    const sending = writer.send('\u00e9'.repeat(MARK));
    const reading = readToEnd(server);
    await sending;
    await client.shutdown('write');
    expect(await reading).toBe('\u00c3\u00a9'.repeat(MARK));
    await client.close();
    await server.close();
  });

  test('writes nothing of a frame that is cancelled before its turn', async () => {
    const all = setUp();
    const { sends, sent } = await fillUp(all);
    const stop = new AbortController();
    const late = all.writer.send('never', { signal: stop.signal });
    const after = all.writer.send('after');
    stop.abort('stop');
    expect(await poll(late)).toBe('stop');
    const reading = readToEnd(all.server);
    await Promise.all([...sends, after]);
    await all.client.shutdown('write');
    expect(await reading).toBe(sent.map((name) => name.repeat(10)).join('') + 'after');
    await all.client.close();
    await all.server.close();
  });

  test('finishes a frame that is cancelled after it has begun, before the next one', async () => {
    const all = setUp();
    const stop = new AbortController();
    const { sends, sent } = await fillUp(all, stop.signal);
    const after = all.writer.send('after');
    stop.abort('stop');
    const outcomes = await pollAll(...sends);
    // The last one had not begun, the one before it had.
    expect(outcomes.slice(-2)).toEqual(['stop', 'stop']);
    const reading = readToEnd(all.server);
    await after;
    await all.client.shutdown('write');
    const whole = sent
      .slice(0, -1)
      .map((name) => name.repeat(10))
      .join('');
    expect(await reading).toBe(`${whole}after`);
    await all.client.close();
    await all.server.close();
  });

  test('does not see what is done with a buffer after its call was cancelled', async () => {
    const all = setUp();
    const buffer = Buffer.alloc(40, 'x');
    const stop = new AbortController();
    const sending = all.writer.send(buffer, { signal: stop.signal });
    expect(await poll(sending)).toBe(PENDING);
    stop.abort('stop');
    expect(await poll(sending)).toBe('stop');
    buffer.fill('y');
    const reading = readToEnd(all.server);
    await all.writer.send('after');
    await all.client.shutdown('write');
    expect(await reading).toBe(`${'x'.repeat(40)}after`);
    await all.client.close();
    await all.server.close();
  });

  test('leaves no wait on the stream when every frame that waited was cancelled', async () => {
    const { writer, client, server, clock } = setUp();
    while (writer.statistics().waiting === 0) {
      void writer.send('0123456789abcdef', { timeout: 100 }).catch(() => {});
      await clock.advance(0);
    }
    // Those that had begun are finished by the peer; what waited is gone.
    await clock.advance(100);
    const reading = readToEnd(server);
    await clock.advance(0);
    expect(client.statistics().waits).toEqual([]);
    expect([clock.pending, writer.statistics().isWriting]).toEqual([0, false]);
    await client.shutdown('write');
    expect((await reading).length % 16).toBe(0);
    await client.close();
    await server.close();
  });

  test('refuses more waiting frames than its limit', async () => {
    const all = setUp({ maxWaiting: 1 });
    const { sends } = await fillUp(all);
    await expect(all.writer.send('one more')).rejects.toMatchObject({
      name: 'LimitError',
      limitName: 'maxWaiting',
      limit: 1,
    });
    const reading = readToEnd(all.server);
    await Promise.all(sends);
    await all.client.close();
    await reading;
    await all.server.close();
  });

  test('fails every call when this side closes the stream, or the peer breaks it', async () => {
    for (const end of ['close', 'reset'] as const) {
      const all = setUp();
      const { sends } = await fillUp(all);
      const closing = end === 'close' ? all.client.close({ linger: 0 }) : undefined;
      if (end === 'reset') all.server.reset();
      await all.clock.advance(0);
      const error = end === 'close' ? 'ClosedError' : 'BrokenError';
      expect((await pollAll(...sends)).slice(-2)).toEqual([error, error]);
      expect(await poll(all.writer.send('more'))).toBe(error);
      expect(all.writer.statistics().waits).toEqual([]);
      all.client.reset();
      all.server.reset();
      await closing;
    }
  });

  test('does not mix with another writer: its frame fails, and nothing of it is written', async () => {
    const { writer, client, server } = setUp();
    const other = client.writeAll('x'.repeat(60));
    await expect(writer.send('frame')).rejects.toMatchObject({ name: 'BusyError' });
    const reading = readToEnd(server);
    await other;
    await client.close();
    expect(await reading).toBe('x'.repeat(60));
    await server.close();
  });

  test('refuses what is no frame, and what is no stream', async () => {
    const { writer, client, server } = setUp();
    expect(await poll(writer.send(5 as never))).toBe('InvalidInputError');
    expect(() => sharedWriter({} as never)).toThrow(/expected `stream` to be a StreamWriter/);
    await client.close();
    await server.close();
  });
});
