import { describe, expect, test } from '@jest/globals';
import type { ObserveOptions, Observed } from '../wire/observe.ts';
import { readCorpus, readSeeds, writeCorpus } from './corpus.ts';
import { fuzz } from './fuzz.ts';
import { httpTargets } from './http-targets.ts';
import { observe, type Observe, type Role } from './oracles.ts';

const corpus = readCorpus();

describe('fuzzing the sans-IO connection', () => {
  test('finds nothing in the texts that were kept, and in some new ones', () => {
    expect(corpus.server.length).toBeGreaterThan(50);
    expect(corpus.client.length).toBeGreaterThan(30);
    const seeds = readSeeds();
    const report = fuzz({
      seed: 20_251_123,
      targets: httpTargets(),
      iterations: 800,
      corpus: seeds,
    });
    expect(report.failure).toBeUndefined();
    expect(report.texts).toBe(seeds.server.length + seeds.client.length + 800);
  });

  test('goes through the same texts for the same seed', () => {
    const run = (seed: number): unknown => fuzz({ seed, targets: httpTargets(), iterations: 50 });
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });

  test('keeps texts in a form that comes back', () => {
    const texts = ['GET / HTTP/1.1\r\n\0\x7f\x80\xff"\\', ''];
    const lines = writeCorpus(texts).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as string)).toEqual(texts);
    expect(lines.join('')).toMatch(/^[ -~]*$/);
  });
});

/** The connection with a bug that shows in what it is observed to do. */
const withBug =
  (bug: (observed: Observed, pieces: readonly Uint8Array[], role: Role) => Observed): Observe =>
  (role: Role, pieces: readonly Uint8Array[], options: ObserveOptions) =>
    bug(observe(role, pieces, options), pieces, role);

describe('a planted bug is found, and shown with a small text:', () => {
  test.each<[name: string, bug: Observe, complaint: RegExp, longest: number]>([
    [
      'a line end that is lost when it is cut in two',
      withBug((observed, pieces) =>
        pieces.some((piece) => piece.at(-1) === 13)
          ? { ...observed, details: observed.details.filter((line) => line !== 'end') }
          : observed,
      ),
      /^in one piece it read "end", in several/,
      40,
    ],
    [
      'a body that is read a byte too far',
      withBug((observed) => ({
        ...observed,
        details: observed.details.map((line) => line.replace(/^data "(.*)"$/, 'data "$1!"')),
      })),
      /^the connection read "data .*!.*, the reference "data /,
      80,
    ],
    [
      'a request that is not seen',
      withBug((observed, _pieces, role) =>
        role === 'server' ? { ...observed, details: observed.details.slice(0, -2) } : observed,
      ),
      /^the reference read .* also$/,
      40,
    ],
    [
      'an error that is not the peer’s',
      withBug((observed) => {
        if (observed.lines.some((line) => line.startsWith('data'))) throw new TypeError('a bug');
        return observed;
      }),
      /^it threw: TypeError: a bug/,
      80,
    ],
  ])('%s', (_name, bug, complaint, longest) => {
    const { failure } = fuzz({ seed: 1, targets: httpTargets(bug), iterations: 2_000 });
    expect(failure?.complaint).toMatch(complaint);
    expect(failure?.text.length).toBeLessThan(longest);
  });
});
