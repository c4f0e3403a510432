import { describe, expect, test } from '@jest/globals';
import { Framed, memoryPair, TcpListener } from '@awaitio/core';
import { redisCodec } from '../src/support/redis-codec.ts';
import { start } from './support/program.ts';

const ROWS: readonly (readonly [what: string, wire: string, value: unknown])[] = [
  ['a status', '+OK\r\n', 'OK'],
  ['an error', '-ERR no\r\n', new Error('ERR no')],
  ['a number', ':-7\r\n', -7],
  ['text of several bytes', '$3\r\n€\r\n', '€'],
  ['text with a line break', '$4\r\na\r\nb\r\n', 'a\r\nb'],
  ['an empty text', '$0\r\n\r\n', ''],
  ['no text', '$-1\r\n', null],
  ['an empty list', '*0\r\n', []],
  ['no list', '*-1\r\n', null],
  ['a list of lists', '*2\r\n*1\r\n:1\r\n$1\r\na\r\n', [[1], 'a']],
];

/** The values of a wire that comes in pieces, and what it ends with. */
async function valuesOf(wire: string, chunkSize: number): Promise<unknown[]> {
  const [server, client] = memoryPair({ chunkSize });
  const sending = server.writeAll(wire).then(() => server.shutdown('write'));
  const redis = new Framed(client, redisCodec);
  const values: unknown[] = [];
  try {
    // `null` is a value of Redis, too: the number of reads says how many there are.
    for (let reads = 0; reads < 2; reads += 1) values.push(await redis.read());
  } catch (error) {
    values.push(error);
  }
  await sending;
  await server.close();
  await client.close();
  return values;
}

describe.each([
  ['whole', Infinity],
  ['byte by byte', 1],
])('a reply of Redis, %s', (_how, chunkSize) => {
  test.each(ROWS)('may be %s, with another behind it', async (_what, wire, value) => {
    expect(await valuesOf(`${wire}+next\r\n`, chunkSize)).toEqual([value, 'next']);
  });

  test.each(['?1\r\n', '$x\r\n', '$-2\r\n', '*1e9x\r\n', '$\r\n'])('is not %j', async (wire) => {
    expect(await valuesOf(wire, chunkSize)).toEqual([
      expect.objectContaining({ message: expect.stringContaining('is no RESP') }),
    ]);
  });

  test('may not end in the middle', async () => {
    expect(await valuesOf('*2\r\n:1\r\n', chunkSize)).toMatchObject([
      { code: 'ERR_UNEXPECTED_EOF' },
    ]);
  });
});

test('the client sends all commands at once, and prints the replies in their order', async () => {
  await using listener = await TcpListener.bind('127.0.0.1:0');
  const client = start(
    'redis-client',
    '--port',
    String(listener.localAddress.port),
    'SET a ö',
    'GET a',
  );
  await using stream = await listener.accept();
  const sent = '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\nö\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n';
  expect(Buffer.from(await stream.readExactly(Buffer.byteLength(sent))).toString()).toBe(sent);
  await stream.writeAll('+OK\r\n$2\r\nö\r\n');
  expect(await client.ended).toEqual({
    status: 0,
    stdout: 'SET a ö → OK\nGET a → ö\n',
    stderr: '',
  });
});
