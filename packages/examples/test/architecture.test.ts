/** What holds beyond the packages: no circles anywhere. */

import { describe, expect, test } from '@jest/globals';
import { core } from '../../../scripts/architecture/floors.ts';
import { circlesBelow, sourcesFrom } from '../../../scripts/architecture/package-sources.ts';
import { circlesIn } from '../../../scripts/architecture/circles.ts';

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
