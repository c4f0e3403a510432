/** Packages to check: the real ones, and ones built from planted sources. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { circlesIn } from './circles.ts';
import type { PackagePlan } from './floors.ts';
import type { PackageSources } from './rules.ts';
import { entriesOf, parseSource, readSources } from './sources.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Reads a package from disk. */
export function readPackage(plan: PackagePlan): PackageSources {
  const folder = join(ROOT, plan.folder);
  return { plan, sources: readSources(join(folder, 'src')), entries: entriesOf(folder) };
}

/** A package of sources given as text, for showing that a rule finds a break. */
export function sourcesFrom(
  plan: PackagePlan,
  files: Readonly<Record<string, string>>,
): PackageSources {
  const sources = Object.entries(files).map(
    ([path, text]) => [path, parseSource(path, text)] as const,
  );
  return {
    plan,
    sources: new Map(sources),
    entries: [
      'index.ts',
      'lowlevel.ts',
      'sync/index.ts',
      'testing/index.ts',
      'batteries/index.ts',
      'websocket/index.ts',
      'contract/index.ts',
      'inspect/index.ts',
      'adapters/hono/index.ts',
      'adapters/crossws/index.ts',
      'otel/index.ts',
    ],
  };
}

/** @returns The circles of imports below any folder of the repository, a line each. */
export function circlesBelow(folder: string): string[] {
  return circlesIn(readSources(join(ROOT, folder))).map(
    ({ path, line, circle }) => `${folder}/${path}:${line}: ${circle.join(' → ')}`,
  );
}

/** A plan in one line per table entry, as the tests spell it out: a rule removed from a plan shows as a missing line. */
export function describePlan(plan: PackagePlan): string[] {
  return [
    ...plan.rooms.map(({ folder, sees }) => `${folder} sees ${sees.join(' ') || 'nothing'}`),
    ...plan.modules
      .filter(({ owners }) => !owners.includes('*'))
      .flatMap(({ modules, owners }) =>
        modules.map((name) => `${name} is for ${owners.join(' ') || 'no file'}`),
      ),
    ...plan.globals.flatMap(({ globals, owners }) =>
      globals.map((name) => `${name} is for ${owners.join(' ') || 'no file'}`),
    ),
    `without waiting: ${plan.sansIo.join(' ') || 'not asked for'}`,
    `types only: ${plan.typesOnly.join(' ') || 'not asked for'}`,
    `computed imports: ${plan.loaders.join(' ') || 'in no file'}`,
  ];
}
