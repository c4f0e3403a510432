/**
 * The newest figures of each scenario, on each release line of Node, as files: every sample of every round, and how and on
 * what it was measured.
 *
 * A scenario's file is written when the scenario is done, so that a long run may be made of short ones. A smoke run, and
 * one with another checkout as `baseline`, leave the files as they are.
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ceiling } from '../load/ceiling.ts';
import type { Machine } from '../machine.ts';
import type { ContestantOutcome, ScenarioOutcome } from '../outcome.ts';
import { program } from '../process/child.ts';
import type { Scenario } from '../scenarios/scenario.ts';

export const RESULTS: string = program('../results');

/** How a scenario was measured. */
export interface Circumstances {
  readonly when: string;
  /** The options of the run, as its command line had them. */
  readonly options: string;
  readonly ceilings: readonly Ceiling[];
  readonly machine: Machine;
  /** How many processes wanted to run, over the minute before the scenario. */
  readonly loadAverage?: number;
}

export interface SavedOutcome extends ScenarioOutcome {
  readonly circumstances: Circumstances;
}

interface File {
  readonly name: string;
  readonly unit: string;
  readonly circumstances: Circumstances;
  readonly contestants: readonly ContestantOutcome[];
}

/** Writes a scenario's figures. */
export function save(outcome: ScenarioOutcome, circumstances: Circumstances): void {
  const { scenario, contestants } = outcome;
  const file: File = { name: scenario.name, unit: scenario.unit, circumstances, contestants };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(
    pathOf(scenario, lineOf(circumstances.machine.node)),
    `${JSON.stringify(file, null, 1)}\n`,
  );
}

/** A scenario's newest figures on a release line of Node, if there are any. */
export function load(scenario: Scenario, line: string): SavedOutcome | undefined {
  let text: string;
  try {
    text = readFileSync(pathOf(scenario, line), 'utf8');
  } catch {
    return undefined;
  }
  const { circumstances, contestants } = JSON.parse(text, numbers) as File;
  return { scenario, circumstances, contestants };
}

/** JSON has no `NaN`: what could not be measured is null there. */
function numbers(_key: string, value: unknown): unknown {
  return value === null ? NaN : value;
}

function pathOf(scenario: Scenario, line: string): string {
  return join(RESULTS, `${scenario.name}.node${line}.json`);
}

function lineOf(version: string): string {
  return /\d+/.exec(version)?.[0] ?? '';
}

/** The release lines of Node that there are figures of, oldest first. */
export function savedLines(): readonly string[] {
  const names = readdirSync(RESULTS).flatMap((name) => /\.node(\d+)\.json$/.exec(name)?.[1] ?? []);
  return [...new Set(names)].toSorted((a, b) => Number(a) - Number(b));
}
