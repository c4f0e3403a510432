/**
 * The rules of the house, each with the reason it prints.
 *
 * A rule looks at one source in its house and yields what it finds; the tables it looks things up in are in
 * `floors.ts`. `packages/*\/test/architecture.test.ts` runs them over the real sources and, for every rule, over a
 * planted source that breaks it.
 */
import { posix } from 'node:path';
import { PACKAGE_ORDER, type Floor, type PackagePlan } from './floors.ts';
import type { Import, Source } from './sources.ts';

/** A package as the rules see it. */
export interface House {
  readonly plan: PackagePlan;
  readonly sources: ReadonlyMap<string, Source>;
  /** Files that other packages import, from below `src/`. */
  readonly entries: readonly string[];
}

export interface Finding {
  readonly line: number;
  readonly what: string;
  readonly reason: string;
}

export interface Rule {
  readonly id: string;
  readonly check: (source: Source, house: House) => Iterable<Finding>;
}

const TABLE = 'scripts/architecture/floors.ts';

/** Whether a file is one of those that a list of patterns names. */
export function isNamed(path: string, patterns: readonly string[]): boolean {
  const name = path.replace(/\.m?ts$/, '');
  return patterns.some((pattern) => {
    if (pattern === '*') return true;
    if (pattern.endsWith('/')) return name.startsWith(pattern);
    if (pattern.endsWith('*')) {
      const start = pattern.slice(0, -1);
      return name.startsWith(start) && !name.slice(start.length).includes('/');
    }
    return name === pattern;
  });
}

function floorOf(path: string, house: House): Floor | undefined {
  return house.plan.floors.find(({ files }) => isNamed(path, files));
}

/** Whether a file may have what its plan gives to these owners: patterns, and floors as `floor:X`. */
function isOwner(path: string, owners: readonly string[], house: House): boolean {
  return isNamed(path, owners) || owners.includes(`floor:${floorOf(path, house)?.id ?? ''}`);
}

const isRelative = (specifier: string): boolean => /^\.\.?(\/|$)/.test(specifier);

/** @returns The file of the same package that an import leads to, or undefined when it leads out of it. */
function targetOf(source: Source, { specifier }: Import): string | undefined {
  if (!isRelative(specifier)) return undefined;
  const target = posix.normalize(posix.join(posix.dirname(source.path), specifier));
  return target.startsWith('..') ? undefined : target;
}

/** @returns The module's package: `@awaitio/core/testing` belongs to `@awaitio/core`, `node:fs/promises` to itself. */
function moduleName(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** @returns One cycle that leads from `start` back to it, or null. */
function cycleThrough(start: string, { sources }: House): string[] | null {
  const seen = new Set<string>();
  const search = (path: string, trail: readonly string[]): string[] | null => {
    const source = sources.get(path);
    for (const entry of source?.imports ?? []) {
      const next = source === undefined ? undefined : targetOf(source, entry);
      // `import type` is gone at run time: two files may know each other's types.
      if (next === undefined || entry.typeOnly) continue;
      if (next === start) return [...trail, start];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = search(next, [...trail, next]);
      if (found !== null) return found;
    }
    return null;
  };
  return search(start, [start]);
}

/** Rules on where a file stands and on what it imports. */
const IMPORT_RULES: readonly Rule[] = [
  {
    id: 'placed',
    *check({ path }, house) {
      if (house.entries.includes(path) || floorOf(path, house) !== undefined) return;
      yield {
        line: 1,
        what: `${path} stands on no floor`,
        reason: `Add it to a floor of ${house.plan.name} in ${TABLE}, and to the table in docs/architecture.md.`,
      };
    },
  },
  {
    id: 'floors',
    *check(source, house) {
      const floor = floorOf(source.path, house);
      if (floor === undefined || house.entries.includes(source.path)) return;
      for (const entry of source.imports) {
        const target = targetOf(source, entry);
        const below = target === undefined ? undefined : floorOf(target, house);
        if (below === undefined || below === floor || floor.sees.includes(below.id)) continue;
        yield {
          line: entry.line,
          what: `${floor.id} (${floor.title}) imports ${target} of ${below.id} (${below.title}); it may see ${floor.sees.join(', ') || 'nothing'}`,
          reason: floor.reason,
        };
      }
    },
  },
  {
    id: 'no-cycles',
    *check(source, house) {
      const cycle = cycleThrough(source.path, house);
      // Reported once, by the first of its files.
      if (cycle === null || cycle.some((path) => path < source.path)) return;
      yield {
        line: 1,
        what: `imports go in a circle: ${cycle.join(' → ')}`,
        reason:
          'Files in a circle are one file in disguise: they load, test and read only together.',
      };
    },
  },
  {
    id: 'inside-the-package',
    *check(source) {
      for (const entry of source.imports) {
        if (!isRelative(entry.specifier)) continue;
        const target = targetOf(source, entry);
        if (target === undefined) {
          yield {
            line: entry.line,
            what: `imports ${entry.specifier}, which is outside of src/`,
            reason: 'Another package is imported by its name, through what it exports.',
          };
        } else if (!/\.m?ts$/.test(target)) {
          yield {
            line: entry.line,
            what: `imports ${entry.specifier} without its .ts extension`,
            reason: 'The specifier is the file, so that nothing has to guess.',
          };
        }
      }
    },
  },
  {
    id: 'literal-imports',
    *check(source) {
      for (const { computed, line } of source.imports) {
        if (!computed) continue;
        yield {
          line,
          what: 'imports a computed name',
          reason: 'What cannot be read cannot be checked: import a literal.',
        };
      }
    },
  },
  {
    id: 'types-only',
    *check(source, { plan }) {
      if (!isNamed(source.path, plan.typesOnly)) return;
      for (const entry of source.imports) {
        const target = targetOf(source, entry);
        if (target === undefined || entry.typeOnly || isNamed(target, plan.typesOnly)) continue;
        yield {
          line: entry.line,
          what: `imports more than types from ${target}`,
          reason: 'The parser is a leaf: it knows the package’s types and none of its code.',
        };
      }
    },
  },
  {
    id: 'package-order',
    *check(source, { plan }) {
      const order: readonly string[] = PACKAGE_ORDER;
      for (const { specifier, line } of source.imports) {
        const position = order.indexOf(moduleName(specifier));
        if (position === -1 || position < order.indexOf(plan.name)) continue;
        yield {
          line,
          what: `${plan.name} imports ${specifier}`,
          reason: `Packages import downwards: ${order.toReversed().join(' → ')}.`,
        };
      }
    },
  },
  {
    id: 'owned-modules',
    *check(source, house) {
      const { plan } = house;
      for (const { specifier, computed, line } of source.imports) {
        if (computed || isRelative(specifier) || specifier === plan.name) continue;
        const module = moduleName(specifier);
        const rule = plan.modules.find(({ modules }) => modules.includes(module));
        if (rule === undefined) {
          yield {
            line,
            what: `imports ${specifier}, which no file owns`,
            reason: module.startsWith('node:')
              ? `Give it an owner and a reason in ${TABLE}.`
              : `Give it an owner and a reason in ${TABLE} (modules of Node are spelled node:…).`,
          };
        } else if (!isOwner(source.path, rule.owners, house)) {
          yield {
            line,
            what: `imports ${specifier}, which is for ${rule.owners.join(', ') || 'nobody'} only`,
            reason: rule.reason,
          };
        }
      }
    },
  },
];

/** Rules on what a file reaches for without importing it. */
const CONTENT_RULES: readonly Rule[] = [
  {
    id: 'owned-globals',
    *check(source, house) {
      const { plan } = house;
      for (const { name, line } of source.globals) {
        const rule = plan.globals.find(({ globals }) =>
          globals.some((owned) => name === owned || name.startsWith(`${owned}.`)),
        );
        if (rule === undefined || isOwner(source.path, rule.owners, house)) continue;
        yield {
          line,
          what: `uses ${name}, which is for ${rule.owners.join(', ') || 'nobody'} only`,
          reason: rule.reason,
        };
      }
    },
  },
  {
    id: 'sans-io',
    *check(source, { plan }) {
      if (!isNamed(source.path, plan.sansIo)) return;
      for (const { name, line } of source.waits) {
        yield {
          line,
          what: `waits (${name})`,
          reason: 'The protocol never waits: bytes in, events out, so that a test needs no loop.',
        };
      }
    },
  },
];

/** Rules on entry files and on files that would like to be one. */
const ENTRY_RULES: readonly Rule[] = [
  {
    id: 'no-barrels',
    *check(source, { entries }) {
      if (entries.includes(source.path)) return;
      for (const { reexport, specifier, line } of source.imports) {
        if (!reexport) continue;
        yield {
          line,
          what: `passes on ${specifier}`,
          reason:
            'Only an entry file re-exports; inside a package a file is imported from where it is.',
        };
      }
    },
  },
  {
    id: 'export-list',
    *check(source, { entries }) {
      if (!entries.includes(source.path)) return;
      for (const { name, line } of [...source.ownStatements, ...source.starExports]) {
        yield {
          line,
          what: `holds more than named exports (${name})`,
          reason: 'An entry file is a list: what a package offers is read in one look.',
        };
      }
    },
  },
  {
    id: 'nobody-imports-an-entry',
    *check(source, { entries }) {
      for (const entry of source.imports) {
        const target = targetOf(source, entry);
        if (target === undefined || !entries.includes(target)) continue;
        yield {
          line: entry.line,
          what: `imports the entry ${target}`,
          reason: 'Through an entry everything imports everything; import the file itself.',
        };
      }
    },
  },
];

export const RULES: readonly Rule[] = [...IMPORT_RULES, ...CONTENT_RULES, ...ENTRY_RULES];

/** Runs every rule over every source of a house; each line says file, line, what, why and which rule. */
export function checkHouse(house: House): string[] {
  const lines: string[] = [];
  for (const source of house.sources.values()) {
    for (const rule of RULES) {
      for (const { line, what, reason } of rule.check(source, house)) {
        lines.push(
          `${house.plan.folder}/src/${source.path}:${line}: ${what}. ${reason} [${rule.id}]`,
        );
      }
    }
  }
  return lines;
}
