/** No byte is lost to bad news: what arrived before a peer's reset is read before the error, with a small queue too. */
import { describe, expect, test } from '@jest/globals';
import {
  BrokenError,
  ByteStream,
  memoryPair,
  startTls,
  type StreamOptions,
} from '../../src/index.ts';
import { CALM, simulate, TestAuthority } from '../../src/testing/index.ts';
import { nodeDuplexPair } from '../support/node-duplex-pair.ts';
import { tcpPair } from '../support/socket-pairs.ts';

type Ends = readonly [sender: ByteStream, reader: ByteStream];

interface Carrier {
  readonly name: string;
  /** Whether a write that fails before the reading loses nothing either: Node closes its sockets at once. */
  readonly survivesWrite: boolean;
  readonly use: (options: StreamOptions, program: (ends: Ends) => Promise<void>) => Promise<void>;
}

const authority = new TestAuthority();
const identity = authority.issue(['localhost']);

async function secured(
  [plain, served]: Ends,
  options: StreamOptions,
  maxVersion: 'TLSv1.2' | 'TLSv1.3',
): Promise<Ends> {
  return Promise.all([
    startTls(plain, { servername: 'localhost', ca: authority.cert, maxVersion, ...options }),
    startTls(served, { role: 'server', ...identity, ...options }),
  ]);
}

const swapped = ([a, b]: Ends): Ends => [b, a];

const simulated = (name: string, seed: number, faults: object): Carrier => ({
  name,
  survivesWrite: true,
  use: async (options, program) => {
    await simulate(
      { seed, faults: { ...CALM, ...faults }, latency: [1, 10], deadline: 60_000 },
      async (sim) => {
        const listener = await sim.host('server').listen(80, options);
        const client = await sim.host('client').connect('server:80', options);
        const server = await listener.accept();
        await program([client, server]);
        await listener.close();
      },
    );
  },
});

const CARRIERS: readonly Carrier[] = [
  { name: 'memory', survivesWrite: true, use: (options, program) => program(memoryPair(options)) },
  {
    name: 'memory, byte by byte',
    survivesWrite: true,
    use: (options, program) => program(memoryPair({ ...options, chunkSize: 1 })),
  },
  simulated('a calm simulated network', 1, {}),
  ...[1, 2, 3, 4, 5].map((seed) =>
    simulated(`a simulated network that cuts and merges, seed ${seed}`, seed, {
      split: 0.5,
      merge: 0.5,
    }),
  ),
  {
    name: 'accepted TCP',
    survivesWrite: true,
    use: async (options, program) => {
      const { client, server } = await tcpPair(options);
      await program([client, server]);
    },
  },
  {
    name: 'connected TCP',
    survivesWrite: false,
    use: async (options, program) => {
      const { client, server } = await tcpPair(options);
      await program([server, client]);
    },
  },
  ...(['TLSv1.2', 'TLSv1.3'] as const).flatMap((version) => [
    {
      name: `${version} in memory`,
      survivesWrite: true,
      use: async (options: StreamOptions, program: (ends: Ends) => Promise<void>) => {
        await program(await secured(memoryPair(), options, version));
      },
    },
    {
      name: `${version} over TCP, the client reading`,
      survivesWrite: false,
      use: async (options: StreamOptions, program: (ends: Ends) => Promise<void>) => {
        const { client, server } = await tcpPair();
        await program(swapped(await secured([client, server], options, version)));
      },
    },
    {
      name: `${version} over TCP, the server reading`,
      survivesWrite: false,
      use: async (options: StreamOptions, program: (ends: Ends) => Promise<void>) => {
        const { client, server } = await tcpPair();
        await program(await secured([client, server], options, version));
      },
    },
  ]),
  {
    name: 'Node streams',
    survivesWrite: true,
    use: async (options, program) => {
      const [a, b] = nodeDuplexPair();
      await program([ByteStream.fromNode(a), ByteStream.fromNode(b, options)]);
    },
  },
];

const WRITES = 10;
const SIZE = 30;
const SENT = Buffer.from(Uint8Array.from({ length: WRITES * SIZE }, (_, at) => at % 251));

const turns = async (stream: ByteStream): Promise<void> => {
  const { bytesRead } = stream.statistics();
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  if (stream.statistics().bytesRead !== bytesRead) await turns(stream);
};

/** Waits until the carrier has moved what it can: a simulated one in virtual time. */
async function rest(reader: ByteStream): Promise<void> {
  if (reader.constructor.name === 'SimStream') {
    await reader.readClosed({ timeout: 1_000 }).catch(() => {});
    return;
  }
  await turns(reader);
}

async function readAll(stream: ByteStream): Promise<{ got: Buffer; error: unknown }> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk);
  } catch (error) {
    return { got: Buffer.concat(chunks), error };
  }
  return { got: Buffer.concat(chunks), error: undefined };
}

describe.each(CARRIERS)('over $name', ({ use, survivesWrite }) => {
  const send = async (sender: ByteStream, reader: ByteStream): Promise<void> => {
    for (let at = 0; at < SENT.length; at += SIZE)
      await sender.writeAll(SENT.subarray(at, at + SIZE));
    await rest(reader);
  };

  test.each([1, 64, 65_536])(
    'a reader that begins after the reset gets all (mark %i)',
    async (mark) => {
      await use({ readHighWaterMark: mark }, async ([sender, reader]) => {
        await send(sender, reader);
        sender.reset();
        await sender.closed;
        await rest(reader);
        const { got, error } = await readAll(reader);
        expect(got).toEqual(SENT);
        expect(error).toBeInstanceOf(BrokenError);
        expect((await reader.closed).bytesRead).toBe(SENT.length);
        await reader.close();
      });
    },
  );

  test('a reader that reads as the reset comes gets all', async () => {
    await use({ readHighWaterMark: 64 }, async ([sender, reader]) => {
      await send(sender, reader);
      const reading = readAll(reader);
      sender.reset();
      const { got, error } = await reading;
      expect(got).toEqual(SENT);
      expect(error).toBeInstanceOf(BrokenError);
      await reader.close();
    });
  });

  test('a reader that wants more than its queue holds gets all', async () => {
    await use({ readHighWaterMark: 64 }, async ([sender, reader]) => {
      await send(sender, reader);
      sender.reset();
      await rest(reader);
      expect(Buffer.from(await reader.readExactly(SENT.length))).toEqual(SENT);
      await expect(reader.readChunk()).rejects.toBeInstanceOf(BrokenError);
      await reader.close();
    });
  });

  test('a reader that gives up waiting for room after the reset gets all', async () => {
    if (!survivesWrite) return;
    await use({ readHighWaterMark: 64 }, async ([sender, reader]) => {
      await send(sender, reader);
      sender.reset();
      await rest(reader);
      for (let turn = 0; turn < 10; turn += 1) {
        try {
          reader.tryWrite('too late');
        } catch {
          // As expected, sooner or later.
        }
        await rest(reader);
      }
      const { got, error } = await readAll(reader);
      expect(got).toEqual(SENT);
      expect(error).toBeInstanceOf(BrokenError);
      await reader.close();
    });
  });
});

test('what close() could not deliver in time is dropped, and the sender says so', async () => {
  const [a, b] = memoryPair({ readHighWaterMark: 64 });
  for (let at = 0; at < SENT.length; at += SIZE) await a.writeAll(SENT.subarray(at, at + SIZE));
  await a.close({ linger: 0 });
  const { unsent } = await a.closed;
  const { got, error } = await readAll(b);
  expect([got.length + unsent, error]).toEqual([SENT.length, expect.any(BrokenError)]);
  await b.close();
});

test('a reset hands over what was accepted, and drops nothing', async () => {
  const [a, b] = memoryPair({ readHighWaterMark: 1 });
  await a.writeAll(SENT);
  a.reset();
  expect((await a.closed).unsent).toBe(0);
  expect((await readAll(b)).got).toEqual(SENT);
  await b.close();
});

test('a stream that has shut writing down sees the reset, and no clean end', async () => {
  const [a, b] = memoryPair({ readHighWaterMark: 1 });
  await a.writeAll(SENT);
  await new Promise(setImmediate);
  const ending = b.shutdown('write');
  a.reset();
  await ending.catch(() => {});
  const { got, error } = await readAll(b);
  expect([got, error]).toEqual([SENT, expect.any(BrokenError)]);
  expect((await b.closed).how).toBe('reset');
});
