/** Text in every call that takes a string: it is UTF-8 on the wire, and every count is one of bytes. */
import { describe, expect, test } from '@jest/globals';
import {
  FrameWriter,
  InvalidInputError,
  lines,
  memoryPair,
  WOULD_BLOCK,
  type ByteStream,
  type Encoder,
  type StreamWriter,
} from '../../src/index.ts';
import { tryWriteLatin1 } from '../../src/lowlevel.ts';
import { CARRIERS } from '../support/carriers.ts';

/** Texts and their bytes, which are not those of Node's own encoder. */
const TEXTS: readonly (readonly [name: string, text: string, hex: string])[] = [
  ['nothing', '', ''],
  ['ASCII', 'az\0\x7f\r\n', '617a007f0d0a'],
  ['two bytes a character', '\x80é\u07ff', 'c280c3a9dfbf'],
  ['three bytes', '\u0800€\uffff', 'e0a080e282acefbfbf'],
  ['four bytes', '\u{10000}😀\u{10ffff}', 'f0908080f09f9880f48fbfbf'],
  ['a byte order mark', '\ufeffx', 'efbbbf78'],
  ['what latin1 would cut into a line end', 'Ċč', 'c48ac48d'],
  ['a lone high surrogate', 'a\ud83db', '61efbfbd62'],
  ['a lone low surrogate', 'a\ude00', '61efbfbd'],
  ['surrogates in the wrong order', '\ude00\ud83d', 'efbfbdefbfbd'],
  [
    'a long text with one character outside ASCII, at its end',
    `${'x'.repeat(5_000)}ß`,
    `${'78'.repeat(5_000)}c39f`,
  ],
];

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

async function readAll(stream: ByteStream): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return hex(Buffer.concat(chunks));
}

type Send = (stream: ByteStream, text: string) => unknown;

const CALLS: readonly (readonly [name: string, send: Send])[] = [
  ['writeAll', (stream, text) => stream.writeAll(text)],
  ['writeAll, given away', (stream, text) => stream.writeAll(text, { transfer: true })],
  ['write', (stream, text) => stream.write(text)],
  ['tryWrite', (stream, text) => stream.tryWrite(text)],
  ['tryWrite, given away', (stream, text) => stream.tryWrite(text, { transfer: true })],
  ['writev', (stream, text) => stream.writev([text])],
  ['writev, given away', (stream, text) => stream.writev([text], { transfer: true })],
  ['the writing half', (stream, text) => stream.split()[1].writeAll(text)],
  [
    'the Node stream',
    (stream, text) => new Promise((resolve) => stream.toNode().write(text, resolve)),
  ],
];

describe.each(CALLS)('%s', (name, send) => {
  test.each(TEXTS)('writes %s as UTF-8', async (_what, text, wire) => {
    const [a, b] = memoryPair();
    const count = await send(a, text);
    const size = wire.length / 2;
    expect([undefined, null, size]).toContain(count);
    const { bytesWritten } = a.statistics();
    // Node's streams take their time.
    expect(name === 'the Node stream' ? size : bytesWritten).toBe(size);
    const receiving = readAll(b);
    await a.close();
    expect(await receiving).toBe(wire);
    await b.close();
  });

  test.each(TEXTS)('writes %s as UTF-8 through carriers of one byte', async (_what, text, wire) => {
    if (/^(write|tryWrite)(,|$)/.test(name)) return;
    const [a, b] = memoryPair({ chunkSize: 1, writeHighWaterMark: 1 });
    const receiving = readAll(b);
    await send(a, text.slice(-40));
    await a.close();
    expect(await receiving).toBe(wire === '' ? '' : hex(new TextEncoder().encode(text.slice(-40))));
    await b.close();
  });
});

/** What the other end reads as a line of text, bytes and ASCII. */
async function arrives(a: ByteStream, b: ByteStream): Promise<string | null> {
  const writing = (async () => {
    await a.writeAll('naïve ');
    await a.writeAll('plain ');
    await a.writev(['€ ', Buffer.from([0xe2, 0x82]), Buffer.from([0xac]), ' 😀\n']);
  })();
  const line = await b.readLine();
  await writing;
  a.reset();
  await b.close({ linger: 0 });
  await a.closed;
  return line;
}

test.each(CARRIERS)(
  'text arrives as UTF-8, in order with bytes and ASCII, on $name',
  async ({ use }) => {
    expect.assertions(1);
    await use(async ({ connect }) => {
      expect(await arrives(...(await connect()))).toBe('naïve plain € € 😀');
    });
  },
);

test('a character that a check for line ends lets pass does not arrive as one', async () => {
  const [a, b] = memoryPair();
  const name = 'bobĊQUITč';
  expect(/[\r\n]/.test(name)).toBe(false);
  await a.writeAll(`NICK ${name}\n`);
  await a.close();
  expect(await b.readLine()).toBe(`NICK ${name}`);
  expect(await b.readLine()).toBe(null);
  await b.close();
});

describe('text that is accepted in part', () => {
  const text = 'a€😀z';
  const bytes = Buffer.from(text);

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'loses nothing where %i bytes are accepted at a time, even within a character',
    async (writeHighWaterMark) => {
      const [a, b] = memoryPair({ writeHighWaterMark });
      const receiving = readAll(b);
      const counts: number[] = [];
      for (let sent = 0; sent < bytes.length;) {
        await a.writable();
        const count = a.tryWrite(sent === 0 ? text : bytes.subarray(sent));
        if (count === WOULD_BLOCK) continue;
        sent += count;
        counts.push(count);
      }
      expect(counts[0]).toBe(Math.min(writeHighWaterMark, bytes.length));
      await a.close();
      expect(await receiving).toBe(hex(bytes));
      await b.close();
    },
  );

  test('write counts its bytes', async () => {
    const [a, b] = memoryPair({ writeHighWaterMark: 3 });
    const progress = { accepted: 0 };
    expect(await a.write('€€', { progress })).toBe(3);
    expect(progress.accepted).toBe(3);
    await a.close();
    expect(await readAll(b)).toBe('e282ac');
    await b.close();
  });

  test('a writeAll that is given up tells how many bytes were accepted', async () => {
    const [a, b] = memoryPair({ writeHighWaterMark: 4, readHighWaterMark: 1 });
    const progress = { accepted: 0 };
    const controller = new AbortController();
    const writing = a.writeAll('€€€€', { signal: controller.signal, progress });
    writing.catch(() => {});
    while (b.statistics().buffered === 0) await new Promise(setImmediate);
    await new Promise(setImmediate);
    controller.abort('enough');
    await expect(writing).rejects.toBe('enough');
    expect(progress.accepted).toBe(8);
    expect(a.statistics().bytesWritten).toBe(8);
    await a
      .writeAll(Buffer.from('€€€€').subarray(progress.accepted), { timeout: 1 })
      .catch(() => {});
    const received = readAll(b);
    await a.close();
    expect(
      Buffer.from('€€€€')
        .toString('hex')
        .startsWith(await received),
    ).toBe(true);
    await b.close();
  });
});

test('each piece of a writev is encoded by itself', async () => {
  const [a, b] = memoryPair();
  await a.writev(['\ud83d', '\ude00']);
  await a.close();
  expect(await readAll(b)).toBe('efbfbdefbfbd');
  await b.close();
});

test('what is neither bytes nor text is refused by name, and nothing is written', async () => {
  const [a, b] = memoryPair();
  for (const wrong of [
    null,
    undefined,
    1,
    {},
    ['x'],
    new ArrayBuffer(1),
    new Uint16Array(1),
  ] as never[]) {
    const refused = /expected `?data`? to be a Uint8Array or a string/;
    expect(() => a.tryWrite(wrong)).toThrow(refused);
    await expect(a.write(wrong)).rejects.toThrow(refused);
    await expect(a.writeAll(wrong)).rejects.toThrow(refused);
    await expect(a.writev([new Uint8Array(1), wrong])).rejects.toThrow(
      /expected `?piece`? to be a Uint8Array or a string/,
    );
  }
  await expect(a.writev('text' as never)).rejects.toThrow(InvalidInputError);
  expect(a.statistics().bytesWritten).toBe(0);
  await Promise.all([a.close(), b.close()]);
});

test('a wrong option is refused for text of either kind', async () => {
  const [a, b] = memoryPair();
  for (const text of ['plain', '€']) {
    for (const options of ['none', 1, { timeout: -1 }, { signal: {} }] as never[]) {
      await expect(a.write(text, options)).rejects.toThrow(InvalidInputError);
      await expect(a.writeAll(text, options)).rejects.toThrow(InvalidInputError);
      await expect(a.writev([text], options)).rejects.toThrow(InvalidInputError);
    }
  }
  expect(a.statistics().bytesWritten).toBe(0);
  await Promise.all([a.close(), b.close()]);
});

test('a line is UTF-8, and its limit is one of bytes', async () => {
  const [a, b] = memoryPair({ chunkSize: 1 });
  const client = lines(a, { limit: 7 });
  await client.write('€€');
  await expect(client.write('€€x')).rejects.toThrow(/a line of 8 bytes is over the limit of 7/);
  await client.write('\ud83d');
  await client.shutdown();
  const server = lines(b, { limit: 7, fatal: true });
  expect([await server.read(), await server.read(), await server.read()]).toEqual([
    '€€',
    '\ufffd',
    null,
  ]);
  await Promise.all([a.close(), b.close()]);
});

test('an encoder that gives text instead of bytes is refused', async () => {
  const [a, b] = memoryPair();
  const encoder = { encode: (item: string) => item } as unknown as Encoder<string>;
  await expect(new FrameWriter(a, encoder).write('€')).rejects.toThrow(
    /expected `?encode\(item\)`? to be a Uint8Array/,
  );
  expect(a.statistics().bytesWritten).toBe(0);
  await Promise.all([a.close(), b.close()]);
});

test('the Web stream refuses text, as those of sockets do', async () => {
  const [a, b] = memoryPair();
  const writer = a.toWeb().writable.getWriter();
  writer.closed.catch(() => {});
  await expect(writer.write('text' as never)).rejects.toThrow(
    /expected `?chunk`? to be a Uint8Array/,
  );
  await b.close();
});

test('the Node stream takes the encoding that its writer names', async () => {
  const [a, b] = memoryPair();
  const node = a.toNode();
  node.cork();
  node.write('é');
  node.write('é', 'latin1');
  node.write('e9', 'hex');
  node.uncork();
  node.end();
  expect(await readAll(b)).toBe('c3a9e9e9');
  await b.close();
});

test('functions that only write take text too', async () => {
  const greet = (to: StreamWriter, name: string): Promise<void> => to.writeAll(`hello, ${name}\n`);
  const [a, b] = memoryPair();
  await greet(a, 'Zoë');
  expect(await b.readLine()).toBe('hello, Zoë');
  await Promise.all([a.close(), b.close()]);
});

describe('tryWriteLatin1', () => {
  test('writes one byte for each character', async () => {
    const [a, b] = memoryPair();
    expect(tryWriteLatin1(a, 'é\xff')).toBe(2);
    await a.close();
    expect(await readAll(b)).toBe('e9ff');
    await b.close();
  });

  test('writes them to a stream of another copy of the package too', async () => {
    const written: unknown[] = [];
    const stream = { tryWrite: (...given: unknown[]) => written.push(...given) };
    tryWriteLatin1(stream as unknown as ByteStream, 'é');
    expect(written).toEqual([Buffer.from([0xe9]), { transfer: true }]);
  });
});
