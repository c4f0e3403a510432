/** What holds beyond the packages: no circles anywhere, and a lint that says what the architecture tests say. */

import { afterAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { core, http, type PackagePlan } from '../../../scripts/architecture/floors.ts';
import {
  circlesBelow,
  readPackage,
  sourcesFrom,
} from '../../../scripts/architecture/package-sources.ts';
import { circlesIn } from '../../../scripts/architecture/circles.ts';
import { checkPackage, isNamed } from '../../../scripts/architecture/rules.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

test.each(['packages/examples/src', 'bench/src', 'scripts'])(
  'no files and no folders of %s import each other',
  (folder) => {
    expect(circlesBelow(folder)).toEqual([]);
  },
);

describe('a circle of imports', () => {
  const circlesOf = (files: Record<string, string>): string[] =>
    circlesIn(sourcesFrom(core, files).sources).map(
      ({ kind, circle, size }) => `${kind}: ${circle.join(' → ')} (${size})`,
    );

  test('is found in scripts too', () => {
    expect(
      circlesOf({ 'a.mjs': "await import('./b.mjs');", 'b.mjs': "export { a } from './a.mjs';" }),
    ).toEqual(['file: a.mjs → b.mjs → a.mjs (2)']);
  });

  test('of one file is one', () => {
    expect(circlesOf({ 'a/a.ts': "import { a } from './a.ts';" })).toContain(
      'file: a/a.ts → a/a.ts (1)',
    );
  });

  test('is reported once for a knot, the shortest one, with the size of the knot', () => {
    const files = {
      'a.ts': "import './b.ts'; import './c.ts';",
      'b.ts': "import './d.ts';",
      'c.ts': "import type { A } from './a.ts';",
      'd.ts': "import './a.ts';",
      'e.ts': "import './a.ts';",
    };
    expect(circlesOf(files)).toEqual(['file: a.ts → c.ts → a.ts (4)']);
  });

  test('of folders is found where no file is in one', () => {
    const files = {
      'a/one.ts': "import '../b/one.ts';",
      'a/two.ts': '',
      'b/one.ts': '',
      'b/two.ts': "import '../a/two.ts';",
    };
    expect(circlesOf(files)).toEqual(['folder: a → b → a (2)']);
  });

  test('is none between a folder and the files at the root that it shares with others', () => {
    const files = {
      'main.ts': "import './a/one.ts';",
      'options.ts': '',
      'a/one.ts': "import '../options.ts';",
    };
    expect(circlesOf(files)).toEqual([]);
  });
});

describe('lint says the same as the architecture tests', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'awaitio-lint-'));
  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true });
  });

  /** A file in every room, every owner and every entry: each imports and uses all there is, one thing a line. */
  function plants(plan: PackagePlan): Map<string, string> {
    const owners = [...plan.modules, ...plan.globals].flatMap(({ owners: named }) => named);
    const paths = [
      ...plan.rooms.map(({ folder }) => `${folder}/planted.ts`),
      ...owners
        .filter((owner) => owner.includes('/') && !owner.endsWith('/'))
        .map((o) => `${o}.ts`),
      ...readPackage(plan).entries,
    ];
    // `new Date()` is no name that lint could know.
    const globals = plan.globals.flatMap(({ globals: names }) =>
      names.filter((name) => !name.endsWith('()')),
    );
    return new Map(
      paths.map((path) => {
        const from = posix.dirname(path);
        const rooms = plan.rooms.map(({ folder }) => {
          const way = posix.relative(from, `${folder}/other.ts`);
          return way.startsWith('.') ? way : `./${way}`;
        });
        const modules = plan.modules.flatMap(({ modules: names }) => names);
        const imports = [...rooms, ...modules].map(
          (name, at) => `import { x${at} } from '${name}';`,
        );
        return [path, [...imports, ...globals.map((name) => `${name}();`)].join('\n')];
      }),
    );
  }

  /** What the architecture rules find in these files, as `path:line`. */
  function found(plan: PackagePlan, files: ReadonlyMap<string, string>): string[] {
    const others = plan.rooms.map(({ folder }) => [`${folder}/other.ts`, ''] as const);
    const lines = checkPackage(sourcesFrom(plan, Object.fromEntries([...others, ...files])));
    return lines
      .filter((line) => /\[(?:rooms|owned-modules|owned-globals)\]$/.test(line))
      .map((line) => /^[^:]+:\d+/.exec(line)?.[0] ?? line);
  }

  /** What lint finds in them. */
  function linted(plan: PackagePlan, files: ReadonlyMap<string, string>): string[] {
    for (const [path, text] of files) {
      const file = join(scratch, plan.folder, 'src', path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    copyFileSync(
      join(root, 'scripts/architecture/oxlint-floors.json'),
      join(scratch, 'oxlint-floors.json'),
    );
    writeFileSync(
      join(scratch, '.oxlintrc.json'),
      '{ "extends": ["./oxlint-floors.json"], "plugins": ["eslint"], "categories": { "correctness": "off" } }',
    );
    const { stdout } = spawnSync(
      process.execPath,
      [join(root, 'node_modules/oxlint/bin/oxlint'), '--format', 'unix', plan.folder],
      { cwd: scratch, encoding: 'utf8' },
    );
    return [...stdout.matchAll(/^([^:\n]+:\d+):\d+: .*no-restricted/gm)].map(
      ([, place]) => place ?? '',
    );
  }

  test.each([
    ['core', core],
    ['http', http],
  ])('for every import and every global in every room of %s', (_name, plan) => {
    const files = plants(plan);
    const breaks = found(plan, files);
    expect(breaks.length).toBeGreaterThan(200);
    expect(linted(plan, files).toSorted()).toEqual(breaks.toSorted());
  });

  test('in a file that owns more than its room', () => {
    expect(isNamed('testing/sim/guard.ts', ['testing/sim/guard'])).toBe(true);
    const files = new Map([
      ['testing/sim/guard.ts', "import { runInThisContext } from 'node:vm';"],
      ['testing/sim/clock.ts', "import { runInThisContext } from 'node:vm';"],
    ]);
    expect(linted(core, files)).toContain('packages/core/src/testing/sim/clock.ts:1');
    expect(linted(core, files)).not.toContain('packages/core/src/testing/sim/guard.ts:1');
  });
});
