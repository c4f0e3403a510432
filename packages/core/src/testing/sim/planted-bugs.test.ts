/**
 * Is the simulation worth its cost? Four bugs that a fault-free network never shows are planted in a small protocol, and
 * each must be found by a seed that reproduces the failure.
 *
 * The protocol: the client sends three numbered lines, the server answers each with `ok <line>`.
 */

import { describe, expect, test } from '@jest/globals';
import type { ByteStream } from '../../streams/byte-stream.ts';
import { deferred } from '../../waiting/deferred.ts';
import { TimeoutError } from '../../vocabulary/errors.ts';
import { CALM } from './wire/faults.ts';
import { SimulationError } from './report.ts';
import { simulate } from './simulate.ts';
import type { Simulation } from './options.ts';
import { shrinkRun } from './shrink/shrink-run.ts';
import { simulateSeeds } from './seeds/simulate-seeds.ts';

/** The three parts of the program that can have a bug. */
interface Parts {
  /** Reads the next line; `null` at the end. */
  readonly readLine: (stream: ByteStream, sim: Simulation) => Promise<string | null>;
  readonly send: (stream: ByteStream, text: string) => Promise<void>;
  /** Connects the task that receives answers to the one that waits for them. */
  readonly makeInbox: () => { put(answer: string): void; take(): Promise<string> };
}

const CORRECT: Parts = {
  readLine: (stream) => stream.readLine(),
  send: (stream, text) => stream.writeAll(text),
  makeInbox: () => {
    const answers: string[] = [];
    let waiting: ((answer: string) => void) | undefined;
    return {
      put(answer) {
        if (waiting === undefined) answers.push(answer);
        else waiting(answer);
        waiting = undefined;
      },
      take() {
        const answer = answers.shift();
        if (answer !== undefined) return Promise.resolve(answer);
        const wait = deferred<string>();
        waiting = wait.resolve;
        return wait.promise;
      },
    };
  },
};

/** Mistakes each chunk for whole lines: what follows the last line end is lost. */
const SPLIT_REQUEST_IS_LOST: Parts['readLine'] = (() => {
  const lines = new WeakMap<ByteStream, string[]>();
  return async (stream) => {
    const queue = lines.get(stream) ?? [];
    lines.set(stream, queue);
    while (queue.length === 0) {
      const chunk = await stream.readChunk();
      if (chunk === null) return null;
      queue.push(...Buffer.from(chunk).toString().split('\n').slice(0, -1));
    }
    return queue.shift() as string;
  };
})();

/** Assumes that a write takes everything. */
const PARTIAL_WRITE_IS_DROPPED: Parts['send'] = async (stream, text) => {
  await stream.writable();
  stream.tryWrite(text);
};

/** Times out every 20 ms to do other work, and drops the result of the cancelled wait. */
const ABORT_EATS_A_BYTE: Parts['readLine'] = async (stream, sim) => {
  let line = '';
  for (;;) {
    const reading = stream.readExactly(1).catch(() => null);
    const byte = await Promise.race([reading, sim.clock.sleep(20)]);
    if (byte === undefined) {
      await reading;
      continue;
    }
    if (byte === null) return null;
    const character = String.fromCharCode(byte[0] ?? 0);
    if (character === '\n') return line;
    line += character;
  }
};

/** Wakes the current waiter; an answer without a waiter is lost, and the next wait never settles. */
const WAIT_NEVER_SETTLES: Parts['makeInbox'] = () => {
  let wake: ((answer: string) => void) | undefined;
  return {
    put: (answer) => wake?.(answer),
    take() {
      const wait = deferred<string>();
      wake = wait.resolve;
      return wait.promise;
    },
  };
};

const MESSAGES = ['one '.repeat(20), 'two '.repeat(20), 'three '.repeat(20)];

function protocol(parts: Parts): (sim: Simulation) => Promise<void> {
  return async (sim) => {
    const listener = await sim.host('server').listen(80);
    sim.executor.spawn(
      async () => {
        for await (const stream of listener) {
          for (;;) {
            const line = await parts.readLine(stream, sim);
            if (line === null) break;
            await parts.send(stream, `ok ${line}\n`);
          }
          await stream.close();
        }
      },
      { name: 'server' },
    );
    const stream = await sim.host('client').connect('server:80');
    const inbox = parts.makeInbox();
    const receiver = sim.executor.spawn(
      async () => {
        for (;;) {
          const answer = await stream.readLine();
          if (answer === null) return;
          inbox.put(answer);
        }
      },
      { name: 'receiver' },
    );
    for (const message of MESSAGES) {
      await stream.writeAll(`${message}\n`);
      // Other work meanwhile, usually shorter than the answer takes.
      await sim.clock.sleep(sim.random.integer(0, 15));
      const answer = await inbox.take();
      if (answer !== `ok ${message}`)
        throw new Error(`expected an answer to ${message}, got another`);
    }
    await stream.shutdown('write');
    await receiver;
    await stream.close();
  };
}

describe('the protocol without a bug', () => {
  test('runs under a thousand seeds', async () => {
    await simulateSeeds({ count: 1_000 }, protocol(CORRECT));
  });
});

describe('a planted bug', () => {
  test.each<[string, Partial<Parts>]>([
    ['a request split over two reads is lost', { readLine: SPLIT_REQUEST_IS_LOST }],
    ['a partial write is dropped', { send: PARTIAL_WRITE_IS_DROPPED }],
    ['an abort eats a byte', { readLine: ABORT_EATS_A_BYTE }],
    ['a wait never settles', { makeInbox: WAIT_NEVER_SETTLES }],
  ])('(%s) hides on a quiet network, is found by seed, and replayed', async (_name, part) => {
    const main = protocol({ ...CORRECT, ...part });
    await simulate({ seed: 1, latency: [8, 8], faults: CALM }, main);

    const found: unknown = await simulateSeeds({ count: 1_000 }, main).catch(
      (error: unknown) => error,
    );
    if (!(found instanceof SimulationError))
      throw new Error('no seed found the bug', { cause: found });
    expect(found.message).toContain(`simulation with seed ${found.seed} failed at`);
    expect(found.message).toContain(`AWAITIO_SEED=${found.seed}`);
    expect(found.message).toContain('pending:');

    const replayed: unknown = await simulate({ seed: found.seed }, main).catch(
      (error: unknown) => error,
    );
    expect((replayed as SimulationError).message).toBe(found.message);
    expect((replayed as SimulationError).hash).toBe(found.hash);

    const shrunk = await shrinkRun(found, main);
    expect(shrunk.decisions.length).toBeLessThanOrEqual(5);
    expect(shrunk.error.what).toBe(found.what);
    const { decisions, seed } = shrunk.error;
    const smallest: unknown = await simulate({ seed, decisions }, main).catch(
      (error: unknown) => error,
    );
    expect((smallest as SimulationError).hash).toBe(shrunk.error.hash);
  });
});

describe('the right way to give a read up', () => {
  test('eats nothing', async () => {
    const readLine: Parts['readLine'] = async (stream) => {
      for (;;) {
        try {
          return await stream.readLine({ timeout: 20 });
        } catch (error) {
          if (!(error instanceof TimeoutError)) throw error;
        }
      }
    };
    await simulateSeeds({ count: 300 }, protocol({ ...CORRECT, readLine }));
  });
});
