/**
 * Opens and closes connections one after another, and prints what leaked.
 *
 *   node scripts/nightly/soak-connections.mjs [--kind tcp|unix|tls] [--count 200000]
 *
 * Fails when the heap after collection is more than 5 % larger in the last tenth of the run than in the second, or when a
 * socket is left open. It runs the sources, without a build.
 */
import { parseArgs } from 'node:util';
import { useTypeScript } from '../lib/typescript.mjs';

const LIMIT = 0.05;

useTypeScript();
const { KINDS, soak } = await import('../../packages/core/test/support/soak.ts');

const { values } = parseArgs({
  options: {
    kind: { type: 'string', default: 'tcp' },
    count: { type: 'string', default: '200000' },
  },
});
const count = Number(values.count);
if (!KINDS.includes(values.kind) || !Number.isInteger(count) || count < 50) {
  console.error(
    `Usage: node scripts/nightly/soak-connections.mjs [--kind ${KINDS.join('|')}] [--count N]`,
  );
  process.exit(2);
}

const megabytes = (bytes) => `${(bytes / 1_048_576).toFixed(2)} MB`;
console.log(`${count} connections, ${values.kind}, Node ${process.version}`);
const report = await soak(values.kind, count, (tenth, heap) => {
  console.log(`tenth ${String(tenth).padStart(2)}: heap ${megabytes(heap)}`);
});
const [before, after] = report.sockets;
console.log(
  `last tenth to second: ${(report.growth * 100).toFixed(2)} %; sockets open: ${before} before, ${after} after; ` +
    `${Math.round(report.perSecond)} connections a second`,
);
if (report.growth > LIMIT || after > before) process.exitCode = 1;
