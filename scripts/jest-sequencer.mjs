/**
 * The order of test files: those that take long first, so that none of them is left over for one worker at the end.
 *
 * Jest goes by how long a file took the last time; in a clean clone there was none, and then by size, which says the
 * opposite here: the longest runs are loops over a table. The order only saves a minute, so a name that is missing or out
 * of date costs nothing else.
 */

const LONGEST = [
  'core/test/streams/contract',
  'http/test/server/loopback',
  'examples/test/twins',
  'examples/test/server',
  'core/test/net/soak',
  'http/test/simulation-seeds',
  'examples/test/client',
  'core/test/streams/property',
  'core/test/sim/seeds',
  'examples/test/command-line',
  'core/test/streams/fault-matrix',
  'core/test/streams/node-contract',
];

const rankOf = ({ path }) => {
  const rank = LONGEST.findIndex((name) => path.endsWith(`${name}.test.ts`));
  return rank === -1 ? LONGEST.length : rank;
};

/** What Jest asks of a sequencer. */
export default class LongestFirst {
  sort(tests) {
    return tests.toSorted((a, b) => rankOf(a) - rankOf(b));
  }

  shard(tests) {
    return tests;
  }

  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {}
}
