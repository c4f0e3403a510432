/** Houses to check: the real packages, and ones built from planted sources. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PackagePlan } from './floors.ts';
import type { House } from './rules.ts';
import { entriesOf, parseSource, readSources } from './sources.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Reads a package from disk. */
export function readHouse(plan: PackagePlan): House {
  const folder = join(ROOT, plan.folder);
  return { plan, sources: readSources(folder), entries: entriesOf(folder) };
}

/** A house of sources given as text, for showing that a rule bites. */
export function plantHouse(plan: PackagePlan, files: Readonly<Record<string, string>>): House {
  const sources = Object.entries(files).map(
    ([path, text]) => [path, parseSource(path, text)] as const,
  );
  return { plan, sources: new Map(sources), entries: ['index.ts', 'testing/index.ts'] };
}

/** A plan in one line per table entry, as the tests spell it out: a rule removed from a plan shows as a missing line. */
export function describePlan(plan: PackagePlan): string[] {
  return [
    ...plan.floors.map(({ id, sees }) => `${id} sees ${sees.join(' ') || 'nothing'}`),
    ...plan.modules
      .filter(({ owners }) => !owners.includes('*'))
      .flatMap(({ modules, owners }) =>
        modules.map((name) => `${name} is for ${owners.join(' ') || 'nobody'}`),
      ),
    ...plan.globals.flatMap(({ globals, owners }) =>
      globals.map((name) => `${name} is for ${owners.join(' ') || 'nobody'}`),
    ),
    `without waiting: ${plan.sansIo.join(' ') || 'not asked for'}`,
    `types only: ${plan.typesOnly.join(' ') || 'not asked for'}`,
  ];
}
