/** `for await` over chunks, frames, connections, datagrams and tasks: with a signal, a timeout, and a `return()` at once. */
import { describe, expect, test } from '@jest/globals';
import {
  ClosedError,
  Executor,
  Framed,
  FrameReader,
  InvalidInputError,
  MemoryListener,
  memoryPair,
  TimeoutError,
  UdpSocket,
  type WaitOptions,
} from '../../src/index.ts';
import { linesCodec } from '../../src/lowlevel.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { CARRIERS } from '../support/carriers.ts';

/** A source whose items are iterated over. */
interface Source {
  readonly iterate: (options?: WaitOptions) => AsyncIterableIterator<unknown, undefined>;
  /** The iterator of a plain `for await`. */
  readonly plain: () => AsyncIterator<unknown, undefined>;
  /** Makes the item with this number arrive. */
  readonly give: (item: string) => Promise<void>;
  /** An item as the text that was given. */
  readonly show: (item: never) => Promise<string> | string;
  /** How many waits are pending. */
  readonly waits: () => number;
  /** Ends the source, so that the iteration ends. */
  readonly end: () => Promise<void>;
  readonly close: () => Promise<void>;
}

type Kind = readonly [
  name: string,
  run: (clock: ManualClock, program: (source: Source) => Promise<void>) => Promise<void>,
];

const stream =
  (
    wrap: (b: ReturnType<typeof memoryPair>[1]) => {
      iterate: Source['iterate'];
      plain: Source['plain'];
      show: Source['show'];
    },
  ): Kind[1] =>
  async (clock, program) => {
    const [a, b] = memoryPair({ clock });
    await program({
      ...wrap(b),
      give: (item) => a.writeAll(`${item}\n`),
      waits: () => b.statistics().waits.length,
      end: () => a.shutdown('write'),
      close: async () => {
        a.reset();
        await b.close();
      },
    });
  };

const chunkText = (chunk: Uint8Array): string => Buffer.from(chunk).toString().trimEnd();

const KINDS: readonly Kind[] = [
  [
    'the chunks of a stream',
    stream((b) => ({
      iterate: (options) => b.chunks(options),
      plain: () => b[Symbol.asyncIterator](),
      show: chunkText,
    })),
  ],
  [
    'the chunks of a reading half',
    stream((b) => {
      const [reader] = b.split();
      return {
        iterate: (options) => reader.chunks(options),
        plain: () => reader[Symbol.asyncIterator](),
        show: chunkText,
      };
    }),
  ],
  [
    'the frames of a Framed',
    stream((b) => {
      const framed = new Framed(b, linesCodec());
      return {
        iterate: (options) => framed.frames(options),
        plain: () => framed[Symbol.asyncIterator](),
        show: (line: string) => line,
      };
    }),
  ],
  [
    'the frames of a FrameReader over a half',
    stream((b) => {
      const reader = new FrameReader(b.split()[0], linesCodec());
      return {
        iterate: (options) => reader.frames(options),
        plain: () => reader[Symbol.asyncIterator](),
        show: (line: string) => line,
      };
    }),
  ],
  [
    'the connections of a listener',
    async (clock, program) => {
      const listener = new MemoryListener({ clock });
      const opened: { close(): Promise<void>; reset(): void }[] = [];
      await program({
        iterate: (options) => listener.incoming(options),
        plain: () => listener[Symbol.asyncIterator](),
        give: async (item) => {
          const client = await listener.connect();
          opened.push(client);
          await client.writeAll(`${item}\n`);
        },
        show: async (accepted: Awaited<ReturnType<MemoryListener['accept']>>) => {
          opened.push(accepted);
          return String(await accepted.readLine());
        },
        waits: () => listener.statistics().waits.length,
        end: () => listener.close(),
        close: async () => {
          for (const one of opened) one.reset();
          await listener.close();
        },
      });
    },
  ],
  [
    'the datagrams of a socket',
    async (clock, program) => {
      const receiver = await UdpSocket.bind('127.0.0.1:0', { clock });
      const sender = await UdpSocket.bind('127.0.0.1:0');
      await program({
        iterate: (options) => receiver.datagrams(options),
        plain: () => receiver[Symbol.asyncIterator](),
        give: async (item) => {
          const { received } = receiver.statistics();
          await sender.sendTo(item, receiver.localAddress);
          while (receiver.statistics().received === received) await new Promise(setImmediate);
        },
        show: ({ data }: { data: Uint8Array }) => Buffer.from(data).toString(),
        waits: () => receiver.statistics().waits.length,
        end: () => receiver.close(),
        close: async () => {
          await Promise.all([receiver.close(), sender.close()]);
        },
      });
    },
  ],
  [
    'the tasks of a group that end',
    async (clock, program) => {
      const executor = new Executor({ clock });
      await executor.group(
        async (group) => {
          let finish!: () => void;
          const unending = new Promise<void>((resolve) => {
            finish = resolve;
          });
          const last = group.spawn(async () => unending);
          await program({
            iterate: (options) => group.joined(options),
            plain: () => group[Symbol.asyncIterator](),
            give: async (item) => {
              await group.spawn(async () => item);
            },
            show: (joined: { value?: unknown }) => String(joined.value),
            waits: () => 0,
            end: async () => {
              finish();
              await last;
              await group.joinNext();
            },
            close: async () => {
              finish();
            },
          });
        },
        { joinable: true },
      );
    },
  ],
];

const DONE = { done: true, value: undefined };

const settle = async (): Promise<void> => {
  for (let turns = 0; turns < 5; turns += 1) await new Promise(setImmediate);
};

const textOf = async (
  source: Source,
  result: IteratorResult<unknown, undefined>,
): Promise<unknown> => (result.done === true ? 'done' : source.show(result.value as never));

describe.each(KINDS)('%s', (name, run) => {
  const within = (program: (source: Source, clock: ManualClock) => Promise<void>) => async () => {
    const clock = new ManualClock();
    await run(clock, async (source) => {
      try {
        await program(source, clock);
      } finally {
        await source.close();
      }
    });
  };

  test(
    'come in order, with options as without',
    within(async (source) => {
      for (const iterator of [source.iterate(), source.plain(), source.iterate({ timeout: 10 })]) {
        for (const item of ['one', 'two']) {
          const next = iterator.next();
          await source.give(item);
          expect(await textOf(source, await next)).toBe(item);
        }
      }
    }),
  );

  test.each(['iterate', 'plain'] as const)(
    'return() while the next one is awaited ends at once and loses none (%s)',
    (way) =>
      within(async (source) => {
        const iterator = source[way]();
        const next = iterator.next();
        await settle();
        expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
        expect(await next).toEqual({ done: true, value: undefined });
        expect(source.waits()).toBe(0);
        expect(await iterator.next()).toEqual({ done: true, value: undefined });
        await source.give('later');
        const again = source.iterate();
        expect(await textOf(source, await again.next())).toBe('later');
      })(),
  );

  test(
    'return() as an item arrives loses none: it comes, or stays',
    within(async (source) => {
      await source.give('first');
      await settle();
      const iterator = source.iterate();
      const next = iterator.next();
      await iterator.return?.();
      const seen = await textOf(source, await next);
      await source.give('second');
      const rest = source.iterate();
      const after = await textOf(source, await rest.next());
      expect([
        ['first', 'second'],
        ['done', 'first'],
        // A stream has both in one chunk.
        ['done', 'first\nsecond'],
      ]).toContainEqual([seen, after]);
    }),
  );

  test(
    'several calls of next() are served one after another',
    within(async (source) => {
      const iterator = source.iterate();
      const nexts = [iterator.next(), iterator.next(), iterator.next()];
      for (const [at, next] of nexts.entries()) {
        await source.give(`item ${at}`);
        expect(await textOf(source, await next)).toBe(`item ${at}`);
      }
      const waiting = [iterator.next(), iterator.next()];
      await settle();
      await iterator.return?.();
      expect(await Promise.all(waiting)).toEqual([DONE, DONE]);
    }),
  );

  test(
    'a signal ends the loop with its reason, and loses none',
    within(async (source) => {
      const controller = new AbortController();
      const iterator = source.iterate({ signal: controller.signal });
      await source.give('one');
      expect(await textOf(source, await iterator.next())).toBe('one');
      const next = iterator.next();
      await settle();
      const reason = { because: name };
      controller.abort(reason);
      await expect(next).rejects.toBe(reason);
      expect(source.waits()).toBe(0);
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
      await source.give('two');
      expect(await textOf(source, await source.iterate().next())).toBe('two');
      const aborted = source.iterate({ signal: controller.signal });
      await source.give('three');
      await expect(aborted.next()).rejects.toBe(reason);
      expect(await textOf(source, await source.iterate().next())).toBe('three');
    }),
  );

  test(
    'a timeout limits the wait for each, and loses none',
    within(async (source, clock) => {
      const iterator = source.iterate({ timeout: 10 });
      for (const item of ['one', 'two']) {
        const next = iterator.next();
        await clock.advance(9);
        await source.give(item);
        expect(await textOf(source, await next)).toBe(item);
      }
      const late = iterator.next();
      late.catch(() => {});
      await settle();
      await clock.advance(10);
      await expect(late).rejects.toMatchObject({ timeout: 10 });
      await expect(late).rejects.toBeInstanceOf(TimeoutError);
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
      await source.give('three');
      expect(await textOf(source, await source.iterate({ timeout: 10 }).next())).toBe('three');
    }),
  );

  test(
    'the end of the source ends the loop, also one that waits',
    within(async (source) => {
      const iterator = source.iterate();
      // Which waiting tasks of a group end is up to them: there the end comes first.
      const isGroup = name.startsWith('the tasks');
      const next = isGroup ? undefined : iterator.next();
      await settle();
      await source.end();
      expect((await next)?.done ?? true).toBe(true);
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
      for await (const _item of source.iterate()) throw new Error('an item after the end');
    }),
  );

  test(
    'a wrong option is refused at once',
    within(async (source) => {
      for (const options of [
        null,
        5,
        { timeout: -1 },
        { signal: {} },
        { timeoutt: 1 },
      ] as never[]) {
        expect(() => source.iterate(options)).toThrow(InvalidInputError);
      }
      await settle();
    }),
  );
});

test.each(CARRIERS)(
  'leaving a loop from outside loses no byte, on $name',
  async ({ use, contract }) => {
    expect.assertions(1);
    await use(async ({ connect, clock }) => {
      const [a, b] = await connect();
      const seen: unknown[] = [];
      for (let turn = 0; turn < 5; turn += 1) {
        const iterator = b.chunks();
        const next = iterator.next();
        if (turn % 2 === 1) await clock.sleep(contract.quiet ?? 1);
        await iterator.return?.();
        const writing = a.writeAll(`line ${turn}\n`);
        seen.push((await next).done, await b.readLine());
        await writing;
      }
      a.reset();
      await b.close({ linger: 0 });
      await a.closed;
      expect(seen).toEqual([0, 1, 2, 3, 4].flatMap((turn) => [true, `line ${turn}`]));
    });
  },
);

test('closing the stream ends a loop over its chunks with ClosedError', async () => {
  const [a, b] = memoryPair();
  const next = b.chunks().next();
  await b.close();
  await expect(next).rejects.toBeInstanceOf(ClosedError);
  await a.close();
});
