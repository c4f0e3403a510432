/** The public API changes only where the change is seen: packages/<name>/api holds it as text. */
import { describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeEntry, entries } from '../../../scripts/architecture/public-api.ts';

describe.each(entries())('$name', (entry) => {
  test('exports what its page in api/ says; after a wanted change, run scripts/public-api.mjs', () => {
    const page = existsSync(entry.file) ? readFileSync(entry.file, 'utf8') : '';
    expect(describeEntry(entry)).toBe(page);
  });

  test('publishes no member that is marked as internal', () => {
    const folder = dirname(entry.types);
    const marked = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.d.ts'))
      .filter((file) => readFileSync(join(folder, file), 'utf8').includes('@internal'));
    expect(marked).toEqual([]);
  });
});

test('@awaitio/core exports at most fifty values', async () => {
  expect(Object.keys(await import('@awaitio/core')).length).toBeLessThanOrEqual(50);
});
