/** Stories: failing runs as files that replay, without the seed that found them. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { rules } from '../../../vocabulary/check.ts';
import { invalidInput } from '../../../vocabulary/errors.ts';
import { causeOf } from '../cause.ts';
import { decisionsRule } from '../decisions/decisions.ts';
import { MAX_DECISIONS, type Decision } from '../decisions/log.ts';
import { tellDecision } from '../decisions/tell.ts';
import { checkSimulation, type SimulationOptions } from '../options.ts';
import { SimulationError } from '../report.ts';

/** A failing run, to be repeated. */
export interface Story {
  /** Its kind and message, with `#` for each number. */
  readonly cause: string;
  readonly hash: string;
  /** The options of {@link simulate}, with `seed` and `decisions`. */
  readonly options: SimulationOptions;
}

const VERSION = 1;

/**
 * Writes a failing run to a file, as JSON; `AWAITIO_STORY` with its path replays it with `simulateSeeds` and `simTest`, and
 * {@link readStory} reads it. Its folder is made, if need be.
 *
 * @param path - The file, which is replaced.
 * @param error - Of `simulate`, `simulateSeeds` or `shrinkRun`.
 * @throws `InvalidInputError`, also for a run of so many decisions that not all of them were kept; the errors of `node:fs`.
 */
export function saveStory(path: string, error: SimulationError): void {
  if (typeof path !== 'string' || path === '') {
    throw invalidInput('saveStory', 'path', 'the path of a file', path);
  }
  if (!(error instanceof SimulationError)) {
    throw invalidInput('saveStory', 'error', 'a SimulationError', error);
  }
  const { kind, what, seed, hash, decisions, options } = error;
  if (decisions.length >= MAX_DECISIONS) {
    const expected = `a run of fewer than ${MAX_DECISIONS} decisions, which are all that is kept: replay it by its seed, ${seed}`;
    throw invalidInput('saveStory', 'error', expected, error);
  }
  const story = {
    awaitioStory: VERSION,
    cause: causeOf(kind, what),
    told: decisions.map((decision) => tellDecision(decision)),
    hash,
    options: { ...options, seed, decisions },
  };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(story, infinite, 2)}\n`);
}

/** JSON has no infinity, and two options may be it. */
function infinite(_key: string, value: unknown): unknown {
  return value === Infinity ? 'Infinity' : value;
}

/**
 * Reads a file that {@link saveStory} has written: `simulate(readStory(path).options, main)` repeats the run.
 *
 * @param path - The file.
 * @throws `InvalidInputError` for a file that is no story; the errors of `node:fs`.
 */
export function readStory(path: string): Story {
  if (typeof path !== 'string' || path === '') {
    throw invalidInput('readStory', 'path', 'the path of a file', path);
  }
  const story = parse(readFileSync(path, 'utf8'));
  if (story === undefined) {
    const expected = `the path of a story of version ${VERSION}, as saveStory writes it`;
    throw invalidInput('readStory', 'path', expected, path);
  }
  return story;
}

function parse(text: string): Story | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text, (_key, value: unknown) => (value === 'Infinity' ? Infinity : value));
  } catch {
    return undefined;
  }
  const { awaitioStory, cause, hash, options } = (json ?? {}) as Record<string, unknown>;
  if (awaitioStory !== VERSION || !rules.text.accepts(cause) || !rules.text.accepts(hash)) {
    return undefined;
  }
  const { seed, decisions } = (options ?? {}) as {
    seed?: unknown;
    decisions?: readonly Decision[];
  };
  if (!rules.whole(0).accepts(seed) || !decisionsRule.accepts(decisions)) return undefined;
  const checked = checkSimulation(options as SimulationOptions);
  return Object.freeze({ cause: cause as string, hash: hash as string, options: checked });
}
