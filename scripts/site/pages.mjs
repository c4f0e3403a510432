/**
 * Which files are pages of the site, in which group of its sidebar, and at which address.
 *
 * A page of docs/ keeps its path: `docs/server.md` is `/server`. The check of scripts/site/check.mjs wants every page of docs/ here.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib/run.mjs';

/**
 * @typedef {object} Page
 * @property {string} file - From the root of the repository.
 * @property {string} path - Its address below the site's root, without an extension: `how-to/json`.
 * @property {string} title - Its first heading, as text.
 * @property {string} label - What the sidebar calls it.
 */

const FOLDERS = {
  howTo: 'docs/how-to',
  decisions: 'docs/decisions',
};

/** The groups of the sidebar; a file with a name beside it is called so there, and not by its heading. */
const GROUPS = [
  [
    'Start',
    ['README.md', 'What it is'],
    ['docs/getting-started.md', 'Getting started'],
    ['packages/core/README.md', '@awaitio/core in examples'],
    ['packages/http/README.md', '@awaitio/http in examples'],
    ['packages/examples/README.md', 'Programs to run'],
    'docs/faq.md',
    ['docs/README.md', 'Reading order'],
  ],
  [
    'Tutorials',
    ['docs/tutorials/line-server.md', 'A protocol of lines'],
    ['docs/tutorials/json-api.md', 'A JSON API'],
    ['docs/tutorials/simulated-network.md', 'A simulated network'],
  ],
  [
    'Guides: sockets and tasks',
    'docs/sockets.md',
    'docs/readiness.md',
    ['docs/polling.md', 'Waiting and polling'],
    'docs/cancellation.md',
    'docs/executor.md',
    'docs/structured-concurrency.md',
    ['docs/sync.md', 'Channels, locks and limits'],
  ],
  [
    'Guides: HTTP',
    'docs/server.md',
    'docs/limits.md',
    'docs/shutdown.md',
    ['docs/batteries.md', 'Batteries'],
    ['docs/forms-and-cookies.md', 'Forms, cookies, wrappers'],
    'docs/fetch.md',
    'docs/client.md',
    'docs/contracts.md',
    'docs/websocket.md',
  ],
  [
    'Guides: testing and running',
    'docs/testing.md',
    ['docs/simulated-tests.md', 'Tests on a simulated network'],
    ['docs/failing-seeds.md', 'A failing seed'],
    ['docs/virtual-world.md', 'What is virtual'],
    'docs/simulation.md',
    'docs/observability.md',
    'docs/inspector.md',
    'docs/recordings.md',
    'docs/deployment.md',
  ],
  ['How-to', ['docs/how-to.md', 'All of them'], FOLDERS.howTo],
  [
    'Migration',
    'docs/migration/node-net.md',
    'docs/migration/node-http.md',
    'docs/migration/express.md',
    'docs/migration/fastify.md',
    'docs/migration/undici.md',
    'docs/migration/ws.md',
  ],
  [
    'Reference',
    'docs/errors.md',
    'docs/supported-http.md',
    'docs/features.md',
    'docs/http-state-machine.md',
    'docs/llhttp.md',
    'SECURITY.md',
  ],
  [
    'Benchmarks',
    ['bench/results/report.md', 'Report'],
    ['bench/README.md', 'How it is measured'],
    ['bench/public/README.md', 'Public scoreboards'],
    ['docs/performance.md', 'Where the time goes'],
  ],
  ['Design', 'docs/design.md', 'docs/architecture.md', ['CONTRIBUTING.md', 'Contributing']],
  ['Decisions', FOLDERS.decisions],
];

/** Where the files outside of docs/ are on the site. */
const ADDRESSES = {
  'README.md': 'index',
  'docs/README.md': 'reading-order',
  // Not `how-to`: there is a folder of that name.
  'docs/how-to.md': 'how-to/index',
  'packages/core/README.md': 'core',
  'packages/http/README.md': 'http',
  'packages/examples/README.md': 'examples',
  'bench/results/report.md': 'benchmarks/report',
  'bench/README.md': 'benchmarks/method',
  'bench/public/README.md': 'benchmarks/public',
  'CONTRIBUTING.md': 'contributing',
  'SECURITY.md': 'security',
};

const addressOf = (file) => ADDRESSES[file] ?? file.replace(/^docs\//, '').replace(/\.md$/, '');

/** @returns {string} The link to a page, from the root of the site. */
export const linkTo = (path) => `/${path.replace(/(^|\/)index$/, '$1')}`;

/** @returns {string} The first heading of a page, without the marks of code. */
function titleOf(file) {
  const heading = /^# (.*)$/m.exec(readFileSync(join(root, file), 'utf8'));
  if (heading === null) throw new Error(`${file} has no heading`);
  return heading[1].replaceAll('`', '');
}

function filesOf(entry) {
  if (Array.isArray(entry)) return [entry];
  if (entry.endsWith('.md')) return [[entry]];
  return readdirSync(join(root, entry))
    .filter((name) => name.endsWith('.md'))
    .toSorted()
    .map((name) => [`${entry}/${name}`]);
}

/** @returns {{text: string, pages: Page[]}[]} The sidebar's groups. */
export function sidebar() {
  return GROUPS.map(([text, ...entries]) => ({
    text,
    pages: entries
      .flatMap(filesOf)
      .filter(([file]) => existsSync(join(root, file)))
      .map(([file, label]) => {
        const title = titleOf(file);
        return { file, path: addressOf(file), title, label: label ?? title };
      }),
  }));
}

/** @returns {string[]} The pages of docs/ that no group of the sidebar has. */
export function strayPages() {
  const known = new Set(sidebar().flatMap(({ pages }) => pages.map(({ file }) => file)));
  return readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((name) => `docs/${name.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.md') && !known.has(file))
    .toSorted();
}
