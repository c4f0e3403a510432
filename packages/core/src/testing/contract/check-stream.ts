/**
 * The contract of streams, as checks that can run on any carrier.
 *
 * trio has `check_two_way_stream` for the same reason: a contract that is one suite, and not part of the tests of each
 * implementation, is the same contract everywhere. The checks do not depend on a test runner. Each makes its own pairs, runs
 * once in each direction (the two ends of a carrier are often made differently), ends what it opened, and throws at the
 * first violation. The contracts themselves are in the files beside this one.
 */

import { checkFunction, checkOptions, rules, type OptionTable } from '../../vocabulary/check.ts';
import type { Clock } from '../../vocabulary/clock.ts';
import { isError } from '../../vocabulary/realms.ts';
import { systemClock } from '../../waiting/system-clock.ts';
import { AMOUNTS } from './amounts.ts';
import type { Contract } from './contract.ts';
import { ENDING } from './ending.ts';
import { GIVING_UP } from './giving-up.ts';
import { READINESS } from './readiness.ts';
import { READING } from './reading.ts';
import { Trial, type MakeStreamPair, type TrialOptions } from './trial.ts';
import { WRITING } from './writing.ts';

/** Options of {@link checkStream}: properties of the carrier. */
export interface StreamContractOptions {
  /** The clock that the streams run on. @default the system's clock */
  readonly clock?: Clock | undefined;
  /** Milliseconds after which an expected event counts as missing. @default 10000 */
  readonly patience?: number | undefined;
  /**
   * Milliseconds in which an idle carrier has moved every byte that it can: more than a round trip. @default 20
   */
  readonly quiet?: number | undefined;
  /** Bytes to send in each direction in checks of large transfers. @default 262144 */
  readonly volume?: number | undefined;
  /**
   * Whether a reset is an error for the peer. Unix sockets have no RST: a reset may look like EOF there.
   *
   * @default true
   */
  readonly hasReset?: boolean | undefined;
}

const STREAM_CONTRACT_OPTIONS: OptionTable<StreamContractOptions> = {
  clock: rules.clock,
  patience: rules.milliseconds,
  quiet: rules.milliseconds,
  volume: rules.whole(1),
  hasReset: rules.flag,
};

/** One contract of streams, ready to run on a carrier. */
export interface StreamCheck {
  /** The contract, as a sentence. */
  readonly name: string;
  /** Runs the check. @throws Error that says what was expected and what happened. */
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

/** The names of the contracts, for a test runner that needs them before there is a carrier. */
export const STREAM_CONTRACTS: readonly string[] = CONTRACTS.map(({ name }) => name);

/**
 * The contract of streams as a list of checks with names, for a test runner.
 *
 * @param makePair - Makes two connected streams, new ones each time; the check closes them.
 * @returns The checks, in the order of {@link STREAM_CONTRACTS}. They may run in any order, one at a time.
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
  checkFunction('checkStream', 'makePair', makePair);
  checkOptions('checkStream', options, STREAM_CONTRACT_OPTIONS);
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
 * Runs the whole contract of streams on a carrier, and reports every violation.
 *
 * @param makePair - Makes two connected streams, new ones each time; they are closed here.
 * @param options - Properties of the carrier, and time limits.
 * @throws `AggregateError` that names every violated contract; its `errors` are those of the checks.
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

const messageOf = (error: unknown): string => (isError(error) ? error.message : String(error));
