/** What a library keeps from before a simulation, with the context of then, calls the program of a run: it is in virtual time all the same. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { simulate } from '../simulate.ts';

/** As the pool of a library does, that was made when its module was loaded. */
const elsewhere = AsyncLocalStorage.snapshot();
const nap = (): Promise<void> =>
  elsewhere(() => new Promise((resolve) => void setTimeout(resolve, 5_000)));

async function virtualTimeOf(program: () => Promise<unknown>): Promise<number> {
  const { virtualTime } = await simulate({ seed: 7, faults: {} }, async () => {
    await program();
  });
  return virtualTime;
}

const PROGRAMS: Readonly<Record<string, readonly [number, () => Promise<unknown>]>> = {
  'a microtask': [
    5_000,
    () => new Promise<void>((resolve) => queueMicrotask(() => resolve(nap()))),
  ],
  'a tick': [5_000, () => new Promise<void>((resolve) => process.nextTick(() => resolve(nap())))],
  'a method of Node as a reaction': [
    5_000,
    async () => {
      const emitter = new EventEmitter();
      const ended = new Promise<void>((resolve) => emitter.on('x', () => resolve(nap())));
      await Promise.resolve('x').then(emitter.emit.bind(emitter));
      await ended;
    },
  ],
  'a stream of Node': [
    15_000,
    () => Readable.from([1, 2, 3]).map(nap, { concurrency: 1 }).toArray(),
  ],
  'a web stream': [
    5_000,
    () =>
      new Response(
        new ReadableStream({
          async pull(controller): Promise<void> {
            await nap();
            controller.close();
          },
        }),
      ).text(),
  ],
};

for (const [name, [expected, program]] of Object.entries(PROGRAMS)) {
  test(`a timer that ${name} sets without the context of the run is virtual`, async () => {
    expect(await virtualTimeOf(program)).toBe(expected);
  });
}

for (const [name, prepare] of [
  ['an array', (_error: Error, sites: unknown): unknown => sites],
  ['nothing', (): unknown => undefined],
] as const) {
  test(`a program may have Error.prepareStackTrace make ${name} of a stack`, async () => {
    const before = Error.prepareStackTrace;
    const program = async (): Promise<void> => {
      Error.prepareStackTrace = prepare;
      try {
        await nap();
      } finally {
        Error.prepareStackTrace = before;
      }
    };
    expect(await virtualTimeOf(program)).toBe(5_000);
    expect(Error.prepareStackTrace).toBe(before);
  });
}
