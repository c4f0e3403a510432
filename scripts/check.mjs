/**
 * `pnpm check`: the one gate. Every step says its name, how long it took and its verdict; all of them run, also after
 * one has failed, so that one run reports every failure.
 *
 *   pnpm check                        everything
 *   pnpm check --skip-tests           without the Jest run, for those who have just done `pnpm test`
 *   pnpm check --only lint,types      these steps
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installApart } from './lib/install.mjs';
import { jest, root, run, tool } from './lib/run.mjs';

const { values: options } = parseArgs({
  options: { 'skip-tests': { type: 'boolean', default: false }, only: { type: 'string' } },
});

const script = (name, ...args) => [process.execPath, join(root, 'scripts', name), ...args];

const testProjects = readdirSync(join(root, 'packages'))
  .map((name) => join(root, 'packages', name, 'tsconfig.test.json'))
  .filter((path) => existsSync(path));

const coverage = JSON.parse(readFileSync(join(root, 'scripts/coverage.config.json'), 'utf8'));
await installApart('tools');
await installApart('bench');

/**
 * Ordered so that the cheapest checks fail first; a step's commands run until one fails, or all at once where they are `together`.
 * Steps run two at a time,
 * but one that is `alone` begins after those before it and ends before those after it. Only `build` writes to dist.
 */
const steps = [
  { name: 'format', alone: true, commands: [[tool('oxfmt'), '--check']] },
  // `tsc -b` comes before whatever reads dist: type-aware lint, documentation, bench, packing.
  {
    name: 'build',
    alone: true,
    commands: [[tool('tsc'), '-b'], script('bundle.mjs'), [tool('tsc'), '-b', 'bench']],
  },
  { name: 'types', commands: testProjects.map((path) => [tool('tsc'), '-p', path]) },
  {
    name: 'lint',
    commands: [
      script('lint-floors.mjs', '--check'),
      script('lint-agreement.mjs'),
      [tool('oxlint'), '--type-aware', '--deny-warnings', '--report-unused-disable-directives'],
    ],
  },
  { name: 'guard', commands: [script('guard-selftest.mjs')] },
  {
    name: 'tests',
    // It fills both cores by itself.
    alone: true,
    commands: [[process.execPath, ...jest()]],
    skip: () => (options['skip-tests'] ? 'asked to skip' : null),
  },
  {
    name: 'fuzz',
    // HTTP and WebSockets side by side, for a minute; the steps after it share the cores with them.
    together: true,
    commands: ['server,client,form,range', 'websocket'].map((targets) =>
      script('fuzz.mjs', '--seconds', '60', '--target', targets),
    ),
  },
  {
    name: 'coverage',
    commands: [script('coverage.mjs')],
    skip: () => (coverage.enabled ? null : 'switched off in scripts/coverage.config.json'),
  },
  { name: 'deploy', commands: [script('deploy.mjs')] },
  { name: 'docs', commands: [script('docs.mjs')] },
  {
    name: 'bench',
    commands: [[process.execPath, join(root, 'bench/dist/main.js'), '--smoke']],
  },
  { name: 'pack', commands: [script('pack.mjs')] },
];

/** How many steps run side by side. */
const LANES = 2;

const only = options.only?.split(',');
const unknown = only?.filter((name) => !steps.some((step) => step.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(
    `No such step: ${unknown.join(', ')}. There are: ${steps.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(2);
}

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const started = performance.now();
const verdicts = new Map();

/** Runs one step; the output of one that has company comes when it ends, in one piece. */
async function take({ name, commands, together = false }, hasCompany) {
  let text = `\n▶ ${name}\n`;
  const say = (more) => {
    if (hasCompany) text += more;
    else process.stdout.write(more);
  };
  if (!hasCompany) process.stdout.write(text);
  const since = performance.now();
  let passed = true;
  const runOne = async (command) => {
    const { ok, output } = await run(command, { quiet: hasCompany });
    if (hasCompany) say(output);
    passed &&= ok;
  };
  if (together) {
    await Promise.all(commands.map(runOne));
  } else {
    for (const command of commands) if (passed) await runOne(command);
  }
  const verdict = passed ? 'passed' : 'failed';
  verdicts.set(name, { verdict, detail: seconds(since) });
  say(`■ ${name}: ${verdict} (${seconds(since)})\n`);
  if (hasCompany) process.stdout.write(text);
}

const chosen = steps.filter(({ name }) => only === undefined || only.includes(name));
const under = new Set();
for (const step of chosen) {
  const why = step.skip?.() ?? null;
  if (why !== null) {
    verdicts.set(step.name, { verdict: 'skipped', detail: why });
    continue;
  }
  const most = step.alone ? 1 : LANES;
  while (under.size >= most) await Promise.race(under);
  const running = take(step, !step.alone && chosen.length > 1);
  under.add(running);
  void running.then(() => under.delete(running));
  if (step.alone) await running;
}
await Promise.all(under);

const count = (wanted) => [...verdicts.values()].filter(({ verdict }) => verdict === wanted).length;
console.log(`\nThe gate, in ${seconds(started)}:`);
for (const { name } of chosen) {
  const { verdict, detail } = verdicts.get(name);
  console.log(`  ${verdict.padEnd(8)} ${name.padEnd(10)} ${detail}`);
}
console.log(
  `Gate: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`,
);
process.exitCode = count('failed') === 0 ? 0 : 1;
