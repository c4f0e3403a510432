/** The figures of a run as a file: every sample of every round. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Machine } from '../machine.ts';
import type { ScenarioOutcome } from '../outcome.ts';

export const RESULTS: string = fileURLToPath(new URL('../../results', import.meta.url));

/** Writes the figures; returns the path. */
export function writeJson(
  machine: Machine,
  settings: Readonly<Record<string, unknown>>,
  outcomes: readonly ScenarioOutcome[],
  now: Date,
): string {
  mkdirSync(RESULTS, { recursive: true });
  const path = join(RESULTS, `${now.toISOString().replaceAll(':', '-').slice(0, 19)}.json`);
  const content = {
    when: now.toISOString(),
    machine,
    settings,
    scenarios: outcomes.map(({ scenario, contestants }) => ({
      name: scenario.name,
      title: scenario.title,
      unit: scenario.unit,
      better: scenario.better,
      contestants,
    })),
  };
  writeFileSync(path, `${JSON.stringify(content, null, 1)}\n`);
  return path;
}
