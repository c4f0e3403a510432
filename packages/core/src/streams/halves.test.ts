import { expect, test } from '@jest/globals';
import {
  ByteStream,
  InvalidInputError,
  memoryPair,
  WOULD_BLOCK,
  type StreamReader,
  type StreamWriter,
} from '../index.ts';
import { memoryTransports } from '../memory/memory-transport.ts';

class NamedStream extends ByteStream {
  readonly name = 'a stream with a name';
}

test('reuniting the halves gives the stream back, with its class', async () => {
  const [a, b] = memoryTransports();
  const stream = new NamedStream(a);
  const peer = new ByteStream(b);
  const [reader, writer] = stream.split();
  const whole: NamedStream = reader.reunite(writer);
  expect(whole).toBe(stream);
  expect(whole.name).toBe('a stream with a name');
  expect(() => reader.reunite(peer.split()[1])).toThrow(InvalidInputError);
  await Promise.all([stream.close(), peer.close()]);
});

test('a function over a reader and a writer takes streams and halves alike', async () => {
  async function shout(source: StreamReader, destination: StreamWriter): Promise<void> {
    const line = await source.readLine();
    await destination.writeAll(`${String(line).toUpperCase()}\n`);
  }
  const [client, server] = memoryPair();
  const [reader, writer] = server.split();
  for (const [source, destination] of [
    [server, server],
    [reader, writer],
  ] as const) {
    await client.writeAll('hello\n');
    await shout(source, destination);
    expect(await client.readLine()).toBe('HELLO');
  }
  await Promise.all([client.close(), server.close()]);
});

test('memory that a writing half is given with transfer is written without a copy', async () => {
  const [client, server] = memoryPair();
  const [, writer] = client.split();
  const bytes = new Uint8Array([1]);
  expect(writer.tryWrite(bytes, { transfer: true })).toBe(1);
  bytes[0] = 2; // a caller must not; it shows that nothing was copied
  await server.readable();
  const taken = server.peek(1);
  expect(taken === WOULD_BLOCK ? undefined : taken?.[0]).toBe(2);
  await Promise.all([client.close(), server.close()]);
});
