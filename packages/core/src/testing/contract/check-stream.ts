/**
 * The contract of streams as checks that anybody can run on a carrier of their own.
 *
 * trio has `check_two_way_stream` for the same reason: a contract that lives in one suite, and not in the tests of each
 * implementation, is the same contract everywhere. The checks know nothing of a test runner; each gets fresh pairs, runs
 * once each way round (a carrier's two ends are often made differently), ends what it opened, and throws at the first
 * thing that is not as it should be. The contracts themselves are in `check-stream/`.
 */

import type { Clock } from '../../vocabulary/clock.ts';
import { systemClock } from '../../waiting/system-clock.ts';
import { AMOUNTS } from './amounts.ts';
import type { Contract } from './contract.ts';
import { ENDING } from './ending.ts';
import { GIVING_UP } from './giving-up.ts';
import { READINESS } from './readiness.ts';
import { READING } from './reading.ts';
import { Trial, type MakeStreamPair, type TrialOptions } from './trial.ts';
import { WRITING } from './writing.ts';

/** What {@link checkStream} needs to know of the carrier. */
export interface StreamContractOptions {
  /** The clock that the streams run on. @default the system's clock */
  readonly clock?: Clock | undefined;
  /** Milliseconds after which what has not happened counts as what never will. @default 10000 */
  readonly patience?: number | undefined;
  /**
   * Milliseconds without news in which the carrier has moved every byte it can: more than a round trip. @default 20
   */
  readonly quiet?: number | undefined;
  /** Bytes to send each way where it is about many. @default 262144 */
  readonly volume?: number | undefined;
  /**
   * Whether a peer sees a reset as an error. Unix sockets have no such thing: there it may look like the end.
   *
   * @default true
   */
  readonly hasReset?: boolean | undefined;
}

/** One contract of streams, ready to run on a carrier. */
export interface StreamCheck {
  /** A sentence that holds when the check passes. */
  readonly name: string;
  /** Runs it. @throws Error that tells what was expected and what came. */
  readonly run: () => Promise<void>;
}

const CONTRACTS: readonly Contract[] = [
  ...READING,
  ...AMOUNTS,
  ...WRITING,
  ...READINESS,
  ...GIVING_UP,
  ...ENDING,
];

/** The contracts by name, for a test runner that has to know its tests before it has a carrier. */
export const STREAM_CONTRACTS: readonly string[] = CONTRACTS.map(({ name }) => name);

/**
 * Gives the contract of streams as a list of checks, one for each thing a stream promises, for a test runner to name.
 *
 * @param makePair - Makes two connected streams, new ones each time; the check closes them.
 * @returns The checks, in the order of {@link STREAM_CONTRACTS}. They may run one after another, in any order.
 *
 * @example
 * ```ts
 * import { memoryPair } from '@awaitio/core';
 * import { streamContract } from '@awaitio/core/testing';
 *
 * for (const { name, run } of streamContract(() => memoryPair(), { quiet: 1 })) {
 *   // With a test runner: test(name, run);
 *   await run().catch((error: unknown) => console.error(name, error));
 * }
 * ```
 */
export function streamContract(
  makePair: MakeStreamPair,
  options: StreamContractOptions = {},
): readonly StreamCheck[] {
  const settings: TrialOptions = {
    clock: options.clock ?? systemClock,
    patience: options.patience ?? 10_000,
    quiet: options.quiet ?? 20,
    volume: options.volume ?? 262_144,
    hasReset: options.hasReset ?? true,
  };
  return CONTRACTS.map((contract) => ({
    name: contract.name,
    run: async () => {
      await runTrial(contract, new Trial(makePair, settings, false));
      try {
        await runTrial(contract, new Trial(makePair, settings, true));
      } catch (error) {
        throw new Error(`with the ends exchanged: ${messageOf(error)}`, { cause: error });
      }
    },
  }));
}

/**
 * Runs the whole contract of streams on a carrier, and reports everything that it does not keep.
 *
 * @param makePair - Makes two connected streams, new ones each time; they are closed here.
 * @param options - What is special about the carrier, and how patient to be with it.
 * @throws `AggregateError` that names every contract that is broken, and how; its `errors` are the checks' own.
 *
 * @example
 * ```ts
 * import { memoryPair } from '@awaitio/core';
 * import { checkStream } from '@awaitio/core/testing';
 *
 * // In place of `memoryPair`: two `ByteStream`s over the two ends of a `Transport` of one's own.
 * await checkStream(() => memoryPair({ chunkSize: 7 }), { quiet: 1 });
 * ```
 */
export async function checkStream(
  makePair: MakeStreamPair,
  options: StreamContractOptions = {},
): Promise<void> {
  const failures: Error[] = [];
  for (const { name, run } of streamContract(makePair, options)) {
    try {
      await run();
    } catch (error) {
      failures.push(new Error(`${name}: ${messageOf(error)}`, { cause: error }));
    }
  }
  if (failures.length === 0) return;
  const list = failures.map(({ message }) => `  - ${message}`).join('\n');
  throw new AggregateError(
    failures,
    `${failures.length} of ${CONTRACTS.length} contracts are broken:\n${list}`,
  );
}

async function runTrial({ body }: Contract, trial: Trial): Promise<void> {
  try {
    await body(trial);
  } catch (error) {
    trial.release();
    throw error;
  }
  await trial.finish();
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
