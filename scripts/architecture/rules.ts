/**
 * The rules of the architecture, each with the reason it prints.
 *
 * A rule looks at one source of a package, or at all of them, and yields what it finds; the tables it looks things up in are in
 * `floors.ts`. `packages/*\/test/architecture.test.ts` runs them over the real sources and, for every rule, over planted
 * sources that break it.
 */
import { posix } from 'node:path';
import { circlesIn } from './circles.ts';
import { PACKAGE_ORDER, type PackagePlan, type Room } from './floors.ts';
import { isRelative, targetOf, type Source } from './sources.ts';

/** A package as the rules see it. */
export interface PackageSources {
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

/** A rule that looks at one source at a time. */
interface SourceRule {
  readonly id: string;
  readonly check: (source: Source, inside: PackageSources) => Iterable<Finding>;
}

/** A rule that looks at a package as a whole. */
interface PackageRule {
  readonly id: string;
  readonly checkAll: (inside: PackageSources) => Iterable<Finding & { readonly path: string }>;
}

export type Rule = SourceRule | PackageRule;

const TABLE = 'scripts/architecture/floors.ts';

/** Whether a file is one of those that a list of owners names. */
export function isNamed(path: string, owners: readonly string[]): boolean {
  const name = path.replace(/\.m?ts$/, '');
  return owners.some((owner) => {
    if (owner === '*') return true;
    return owner.endsWith('/') ? name.startsWith(owner) : name === owner;
  });
}

const folderOf = (path: string): string => posix.dirname(path);

function roomOf(path: string, { plan, entries }: PackageSources): Room | undefined {
  if (entries.includes(path)) return undefined;
  return plan.rooms.find(({ folder }) => folder === folderOf(path));
}

/** @returns The module's package: `@awaitio/core/testing` belongs to `@awaitio/core`, `node:fs/promises` to itself. */
function moduleName(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** Rules on where a file lies and on what it imports. */
const IMPORT_RULES: readonly Rule[] = [
  {
    id: 'placed',
    *check({ path }, inside) {
      if (inside.entries.includes(path) || roomOf(path, inside) !== undefined) return;
      const folder = folderOf(path);
      yield {
        line: 1,
        what:
          folder === '.'
            ? `${path} lies in no folder, and only an entry does`
            : `${path} lies in ${folder}, which is no room of ${inside.plan.name}`,
        reason: `Move it into a room, or add its folder to ${TABLE} and run scripts/lint-floors.mjs.`,
      };
    },
  },
  {
    id: 'rooms',
    *check(source, inside) {
      const room = roomOf(source.path, inside);
      if (room === undefined) return;
      for (const entry of source.imports) {
        const target = targetOf(source, entry);
        const other = target === undefined ? undefined : roomOf(target, inside);
        if (other === undefined || other === room || room.sees.includes(other.folder)) continue;
        yield {
          line: entry.line,
          what: `${room.folder} imports ${target} of ${other.folder}; it sees ${room.sees.join(', ') || 'nothing'}`,
          reason: room.reason,
        };
      }
    },
  },
  {
    id: 'no-cycles',
    *checkAll({ sources }) {
      for (const { path, line, kind, circle, size } of circlesIn(sources)) {
        const rest = size > circle.length - 1 ? `, in a knot of ${size} ${kind}s` : '';
        yield {
          path,
          line,
          what: `${kind}s import each other: ${circle.join(' → ')}${rest}`,
          reason:
            kind === 'file'
              ? 'Files in a circle are one file in disguise: they are read and changed only together.'
              : 'Folders in a circle are one folder in disguise: move what both need below both.',
        };
      }
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
            reason: 'The specifier is the file, so that no tool has to guess.',
          };
        }
      }
    },
  },
  {
    id: 'literal-imports',
    *check(source, { plan }) {
      for (const { computed, line } of source.imports) {
        if (!computed || isNamed(source.path, plan.loaders)) continue;
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
    *check(source, inside) {
      const { plan } = inside;
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
        } else if (!isNamed(source.path, rule.owners)) {
          yield {
            line,
            what: `imports ${specifier}, which is for ${rule.owners.join(', ') || 'no file'} only`,
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
    *check(source, inside) {
      const { plan } = inside;
      for (const { name, line } of source.globals) {
        const rule = plan.globals.find(({ globals }) =>
          globals.some((owned) => name === owned || name.startsWith(`${owned}.`)),
        );
        if (rule === undefined || isNamed(source.path, rule.owners)) continue;
        yield {
          line,
          what: `uses ${name}, which is for ${rule.owners.join(', ') || 'no file'} only`,
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

/** Rules on entry files and on files that act as one. */
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
    id: 'no-entry-imports',
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

/** Runs every rule over a package; each line says file, line, what, why and which rule. */
export function checkPackage(inside: PackageSources): string[] {
  const lines: string[] = [];
  const add = (id: string, path: string, { line, what, reason }: Finding): void => {
    lines.push(`${inside.plan.folder}/src/${path}:${line}: ${what}. ${reason} [${id}]`);
  };
  for (const rule of RULES) {
    if ('checkAll' in rule) {
      for (const finding of rule.checkAll(inside)) add(rule.id, finding.path, finding);
      continue;
    }
    for (const source of inside.sources.values()) {
      for (const finding of rule.check(source, inside)) add(rule.id, source.path, finding);
    }
  }
  return lines;
}

/** @returns What the plan names and the package does not have, a line each: a folder, an owner, a room that is seen. */
export function ghostsOf({ plan, sources, entries }: PackageSources): string[] {
  const paths = [...sources.keys()];
  const folders = new Set(paths.filter((path) => !entries.includes(path)).map(folderOf));
  const rooms = plan.rooms.map(({ folder }) => folder);
  const owners = [
    ...plan.modules.flatMap(({ owners: named }) => named),
    ...plan.globals.flatMap(({ owners: named }) => named),
    ...plan.sansIo,
    ...plan.typesOnly,
    ...plan.loaders,
  ];
  return [
    ...rooms
      .filter((folder) => !folders.has(folder))
      .map((folder) => `${folder}: a room without a source file`),
    ...plan.rooms.flatMap(({ folder, sees }) =>
      sees
        .filter((seen) => !rooms.includes(seen))
        .map((seen) => `${seen}: seen by ${folder}, and no room`),
    ),
    ...[...new Set(owners)]
      .filter((owner) => !paths.some((path) => isNamed(path, [owner])))
      .map((owner) => `${owner}: an owner that does not exist`),
  ];
}
